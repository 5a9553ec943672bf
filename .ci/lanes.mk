# What `make test` runs, in lanes side by side. A lane runs its targets one after the other. Two of them keep two cores busy; what is
# in the third waits most of the time, for peers and for the locks of cargo. None writes into a folder that another lane reads.

LANES := rust hosts network
rust := lint msrv no-std test-rust test-python test-c test-inspect-ffi safety-brief check-man bench-counts
hosts := test-js test-dependents test-bundlers test-browser test-inspector test-c-hosts test-install abi readme package
network := test-tunnel test-http test-http2 test-relay demo interop test-tokio

.PHONY: all $(LANES)
all: $(LANES)
$(LANES):
	@$(MAKE) --file=Makefile $($@)
