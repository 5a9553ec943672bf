# The same bytes for other implementations of WebSocket and for ours, and what each does with them.

$(DONE)/peers: conformance/peers/requirements.txt $(DONE)/venv
	@echo 'set-up: Python packages of conformance/peers into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.PHONY: peers
peers: client-rust client-node client-python $(DONE)/npm-js $(DONE)/peers $(DONE)/npm-conformance
	@$(DRIVE) conformance/peers/run.py $(PEERS)
