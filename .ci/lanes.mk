# What `make test` runs when the tools are there, three lanes at a time: what one of them waits for, another computes. A lane runs
# its targets one after the other, and those that wait the most begin first. None writes into a folder that another one reads: what
# more than one needs is built by the lane `built`, beside the lane that needs none of it. Programs in Rust are built with the tests,
# from which they have all that they need.

LANES := built cargo python javascript c packages lint inspector network
built := build clients examples/inspector/dist/inspector.html
cargo := test-rust test-c test-tokio test-inspect-ffi msrv no-std
javascript := test-js test-dependents test-bundlers test-browser
c := test-c-hosts test-install abi check-man safety-brief bench-counts
network := test-tunnel test-http test-http2 test-relay demo interop MESSAGES=2000
lint := lint
python := test-python
packages := package readme
inspector := test-inspector LONG_IN=chrome

.PHONY: all $(LANES)
all: $(LANES)
$(filter-out built cargo,$(LANES)): built
$(LANES):
	@$(MAKE) --file=Makefile PROGRAMS_IN=debug $($@)
