# The WebAssembly module with objects, as wasm-pack makes it, in each place that it is made for.

.PHONY: test-objects
test-objects: bindings/js/dist/index.js $(DONE)/npm-fixtures $(addprefix $(DONE)/system-,chromium)
	cd bindings/js/objects && node run.mjs
