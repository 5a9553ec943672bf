# The tests under Miri, sanitizers, valgrind and cargo-careful.

.PHONY: safety safety-brief
safety: $(STATIC) $(DONE)/nightly $(DONE)/cargo-careful $(addprefix $(DONE)/system-,g++ clang valgrind libclang-rt)
	@.ci/safety miri asan tsan valgrind careful

# What of it takes a minute. A machine that cannot have the nightly toolchain says so, and does the rest.
safety-brief: $(STATIC) $(addprefix $(DONE)/system-,g++ clang valgrind)
	@.ci/safety brief

$(DONE)/nightly: .ci/setup-nightly | $(DONE)
	@.ci/setup-nightly miri rust-src llvm-tools >&2
	@touch $@

$(DONE)/cargo-%: .ci/setup-cargo | $(DONE)/rust
	@.ci/setup-cargo cargo-$* >&2
	@touch $@
