# uvicorn's own tests of WebSocket, with Sansock in the place of its protocols. They come with its source distribution,
# into .tools.

UVICORN := .tools/uvicorn
UVICORN_PYTHON := $(UVICORN)/venv/bin/python

$(DONE)/uvicorn: conformance/uvicorn/requirements.txt $(FFI) $(PACKAGE) | $(DONE)/rust $(DONE)/system-python3-venv
	@echo 'set-up: uvicorn and its tests into $(UVICORN)' >&2
	@[ -x $(UVICORN_PYTHON) ] || python3 -m venv $(UVICORN)/venv >&2
	@$(UVICORN_PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@$(UVICORN_PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
		--no-build-isolation ./bindings/python >&2
	@rm -rf $(UVICORN)/source $(UVICORN)/uvicorn-*.tar.gz && mkdir -p $(UVICORN)/source
	@$(UVICORN_PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--no-binary :all: --dest $(UVICORN) $$(grep '^uvicorn==' $<) >&2
	@tar -xzf $(UVICORN)/uvicorn-*.tar.gz --strip-components 1 -C $(UVICORN)/source
	@touch $@

.PHONY: test-python-servers
test-python-servers: $(DONE)/uvicorn
	@cp conformance/uvicorn/conftest.py $(UVICORN)/source/tests/protocols/
	@cd $(UVICORN)/source && ../venv/bin/python -m pytest --quiet -o addopts= --timeout 60 tests/protocols/test_websocket.py
