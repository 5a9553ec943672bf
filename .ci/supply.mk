# What is released, built twice.

.PHONY: reproducible
reproducible: $(DONE)/rust $(DONE)/wasm-tools $(DONE)/npm-js $(DONE)/system-gcc
	@.ci/reproducible
