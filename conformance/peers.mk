# The same bytes for other implementations of WebSocket and for ours, and what each does with them.

$(DONE)/peers: conformance/peers/requirements.txt $(DONE)/venv
	@echo 'set-up: Python packages of conformance/peers into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

$(DONE)/npm-conformance-peers: conformance/peers/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for conformance/peers' >&2
	@cd conformance/peers && npm install --no-save --silent --no-audit --no-fund >&2
	@touch $@

.PHONY: peers
peers: host-rust host-node host-python host-ws host-websockets $(DONE)/npm-js $(DONE)/peers $(DONE)/npm-conformance-peers
	@PYTHONPATH=examples/demo $(PYTHON) conformance/peers/run.py $(PEERS)

.PHONY: clean-peers
clean: clean-peers
clean-peers:
	rm -rf conformance/peers/node_modules
