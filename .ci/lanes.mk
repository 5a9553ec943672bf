# What `make test` runs, in two lanes side by side, one for each core. A lane runs its targets one after the other. What writes
# into a folder that others read is in their lane: the second has all that uses bindings/js/dist and target/c.

LANES := rust hosts
rust := lint msrv no-std test-rust test-python test-c test-inspect-ffi safety-brief check-man bench-counts
hosts := test-js test-dependents test-bundlers test-browser test-inspector test-tunnel test-http test-http2 test-relay test-c-hosts test-install abi readme package demo interop test-tokio

.PHONY: all $(LANES)
all: $(LANES)
$(LANES):
	@$(MAKE) --file=Makefile $($@)
