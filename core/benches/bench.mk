# Benchmarks of the Rust crate: core/benches/README.md.

BENCHES := core/benches
BENCH_TARGET := target/benches
BENCH_PACKAGES := -p sansock-bench-peers -p sansock-bench-counts
BENCH_CARGO := cd $(BENCHES) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo

.PHONY: bench-rust bench-scale bench-memory bench-counts bench-hostile bench-lint
bench-rust: PARTS := compare scale memory
bench-scale: PARTS := scale
bench-memory: PARTS := memory
bench-rust bench-scale bench-memory: $(DONE)/rust
	@echo 'build: benchmarks' >&2
	@$(BENCH_CARGO) build --quiet --release -p sansock-bench-peers
	@for part in $(PARTS) page; do \
	  CELLS='$(CELLS)' ROUNDS='$(ROUNDS)' $(BENCH_TARGET)/release/sansock-bench-peers $(BENCHES) $$part; \
	done

bench-counts: $(DONE)/rust $(DONE)/system-valgrind
	@echo 'build: instruction counts' >&2
	@$(BENCH_CARGO) build --quiet --release -p sansock-bench-counts
	@BLESS='$(BLESS)' $(BENCH_TARGET)/release/sansock-bench-counts $(BENCHES)/counts.txt

# What bytes of a hostile peer cost beside those of an honest one: a few minutes.
bench-hostile: $(DONE)/rust $(DONE)/system-valgrind
	@echo 'build: instruction counts' >&2
	@$(BENCH_CARGO) build --quiet --release -p sansock-bench-counts
	@BLESS='$(BLESS)' CELLS='$(CELLS)' $(BENCH_TARGET)/release/hostile $(BENCHES)/results/hostile.md

bench-lint: $(DONE)/rust
	@$(BENCH_CARGO) fmt $(BENCH_PACKAGES) --check
	@$(BENCH_CARGO) clippy --quiet $(BENCH_PACKAGES) --all-targets -- -D warnings
