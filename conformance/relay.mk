# The relays of the examples, between clients and servers that are not ours, and some of the demo through those of the packages.

.PHONY: test-relay
test-relay: host-rust target/examples/c/relay $(DONE)/python-package bindings/js/dist/index.js $(DONE)/npm-conformance client-python
	@$(DRIVE) conformance/relay/run.py
	@$(DRIVE) conformance/demo/relayed.py --servers rust,ws --clients python,websockets

# What looking costs the relays of the packages. A cell is a size, how many are on their way at once, and how many connections.
# CELLS='python 20B-1-1 1KiB-64-100' takes some of the table.
.PHONY: bench-relay
bench-relay: $(DONE)/python-package bindings/js/dist/index.js
	@$(DRIVE) conformance/relay/bench.py $(or $(ROUNDS),3) $(CELLS)
