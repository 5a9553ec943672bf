# What is released, built twice; and what it is made of.

.PHONY: reproducible supply-chain
reproducible: $(DONE)/rust $(DONE)/wasm-tools $(DONE)/npm-js $(DONE)/system-gcc
	@.ci/reproducible

# Advisories need their database, which is downloaded; the rest needs no network.
supply-chain: $(DONE)/cargo-deny
	@.ci/supply-chain
