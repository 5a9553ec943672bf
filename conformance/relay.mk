# The relays of the examples, between clients and servers that are not ours.

.PHONY: test-relay
test-relay: host-rust target/examples/c/relay $(DONE)/python-package bindings/js/dist/index.js $(DONE)/npm-conformance
	@$(DRIVE) conformance/relay/run.py
