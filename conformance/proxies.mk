# The examples that lead through proxies, behind proxies that are not ours.

$(DONE)/proxies: conformance/proxies/requirements.txt $(DONE)/venv \
		| $(addprefix $(DONE)/system-,tinyproxy-bin microsocks openssl)
	@echo 'set-up: Python packages of conformance/proxies into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

target/examples/c/through_proxy: LIBRARIES += -lssl -lcrypto
target/examples/c/through_proxy: | $(DONE)/system-libssl-dev

.PHONY: test-tunnel
test-tunnel: target/examples/c/through_proxy $(DONE)/python-package bindings/js/dist/index.js $(DONE)/proxies
	@$(DRIVE) conformance/proxies/run.py
