# The crate for tokio: tests, lints and measurements.

TOKIO_BENCH := bindings/tokio/benches
# With each of these sets of features it is checked alone; the tests have all.
TOKIO_FEATURES := '' tokio futures rustls hyper

.PHONY: test-tokio lint-tokio bench-tokio
test-tokio: $(DONE)/rust
	cargo test --quiet -p sansock-tokio --all-features
	cargo test --quiet -p sansock-tokio --test messages
	cargo test --quiet -p sansock-examples-tokio

lint-tokio: $(DONE)/rust
	for features in $(TOKIO_FEATURES); do \
	  cargo clippy --quiet -p sansock-tokio --no-default-features --features "$$features" -- -D warnings; \
	done
	cargo clippy --quiet -p sansock-tokio --all-features --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet -p sansock-tokio --no-deps --all-features
	cd $(TOKIO_BENCH) && cargo fmt --check

# Prints a table of servers over loopback: about ten minutes. CELLS='1 KiB' narrows it, ROUNDS=3 shortens it.
bench-tokio: $(DONE)/rust
	@echo 'build: benchmarks over tokio' >&2
	@cd $(TOKIO_BENCH) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo clippy --quiet --release -- -D warnings
	@cd $(TOKIO_BENCH) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo build --quiet --release
	@CELLS='$(CELLS)' ROUNDS='$(ROUNDS)' $(BENCH_TARGET)/release/sansock-bench-tokio
