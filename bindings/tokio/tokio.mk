# The crate for tokio: tests, lints and measurements.

TOKIO_BENCH := bindings/tokio/benches
# The tests have all features; with each of these alone it is checked by make test-features.
TOKIO_FEATURES := '' tokio futures rustls hyper
ALL_OF_TOKIO := $(addprefix sansock-tokio/,tokio futures deflate webpki-roots native-certs axum)

.PHONY: test-tokio test-tokio-features lint-tokio bench-tokio
test-tokio: $(DONE)/rust
	cargo test --quiet -p sansock-tokio --all-features
	cargo test --quiet -p sansock-examples-tokio

test-features: test-tokio-features
test-tokio-features: msrv-toolchain
	cargo test --quiet -p sansock-tokio --test messages
	for features in $(TOKIO_FEATURES); do \
	  cargo clippy --quiet -p sansock-tokio --no-default-features --features "$$features" -- -D warnings; \
	done
	@$(call check-msrv,-p sansock-tokio)

# Its code is checked with that of the workspace; here only as it is for other runtimes than tokio.
lint-tokio: $(DONE)/rust
	cargo clippy --quiet -p sansock-tokio --no-default-features --features futures -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet -p sansock-tokio --no-deps --all-features
	cd $(TOKIO_BENCH) && cargo fmt --check

# Prints a table of servers over loopback: about ten minutes. CELLS='1 KiB' narrows it, ROUNDS=3 shortens it.
bench-tokio: $(DONE)/rust
	@echo 'build: benchmarks over tokio' >&2
	@cd $(TOKIO_BENCH) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo clippy --quiet --release -- -D warnings
	@cd $(TOKIO_BENCH) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo build --quiet --release
	@CELLS='$(CELLS)' ROUNDS='$(ROUNDS)' $(BENCH_TARGET)/release/sansock-bench-tokio
