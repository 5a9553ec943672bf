# The tests of wsproto, websockets and programs over them, with the drop-ins of the Python package in their place; and
# conversations that both the originals and the drop-ins take part in. The tests of others come into .tools.

COMPAT := .tools/compat
SUITES ?=
CONVERSATIONS ?= 2000

$(DONE)/compat: $(wildcard conformance/compat/requirements*.txt) conformance/compat/setup $(FFI) $(PACKAGE) \
		| $(DONE)/rust $(DONE)/system-python3-venv
	@echo 'set-up: programs over wsproto and websockets, and their tests, into $(COMPAT)' >&2
	@conformance/compat/setup $(COMPAT) >&2
	@touch $@

.PHONY: test-compat lint-compat
test-compat: $(DONE)/compat $(DONE)/python-package
	@$(COMPAT)/venv/bin/python conformance/compat/run.py $(COMPAT) $(SUITES)
	@SANSOCK_CONVERSATIONS=$(CONVERSATIONS) $(PYTHON) -m pytest --quiet bindings/python/tests/compat

lint: lint-compat
lint-compat: $(DONE)/venv
	cd conformance && $(LOCAL_RUFF) check compat
	cd conformance && $(LOCAL_RUFF) format --check compat
	cd conformance/compat && MYPYPATH=../../bindings/python/src $(MYPY) --strict run.py plugin.py

.PHONY: bench-python-compat
bench-python-compat: $(DONE)/python-package
	@$(PYTHON) bindings/python/bench/compat.py $(ROUNDS) > bindings/python/bench/compat.new
	@$(PYTHON) $(HOSTS_FOLDER)/drop_in.py $(ROUNDS) >> bindings/python/bench/compat.new
	@mv bindings/python/bench/compat.new bindings/python/bench/compat.md
