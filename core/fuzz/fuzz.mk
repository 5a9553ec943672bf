# Fuzzing of the engine and of the C ABI: core/fuzz/README.md.

FUZZ := core/fuzz
FUZZ_DIR := $(CURDIR)/target/fuzz
FUZZ_CARGO := cd $(FUZZ) && CARGO_TARGET_DIR='$(FUZZ_DIR)' cargo
# It shares the reading of coverage.
FUZZ_RUN := PYTHONPATH=core/measure $(FUZZ)/run.py
CARGO_FUZZ := 0.13.2

# Seconds for each target.
SECONDS := 60

$(DONE)/cargo-fuzz: $(FUZZ)/fuzz.mk | $(DONE)/rust
	@[ "$$(cargo-fuzz --version 2>/dev/null)" = 'cargo-fuzz $(CARGO_FUZZ)' ] \
	  || { echo 'set-up: cargo-fuzz $(CARGO_FUZZ) into .tools, once; this takes a minute or two' >&2; \
	       cargo install --quiet --root .tools --locked --version '=$(CARGO_FUZZ)' cargo-fuzz; }
	@touch $@

# The target that has a peer in Python.
export SANSOCK_FUZZ_PYTHON := $(CURDIR)/$(PYTHON)
$(DONE)/fuzz-python: $(FUZZ)/requirements.txt $(DONE)/venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.PHONY: fuzz fuzz-replay fuzz-seeds fuzz-minimise fuzz-lint safety-report
fuzz: $(DONE)/cargo-fuzz $(DONE)/nightly $(DONE)/fuzz-python
	@$(FUZZ_RUN) fuzz --seconds $(SECONDS) $(TARGET)

fuzz-replay: $(DONE)/rust $(DONE)/fuzz-python
	$(FUZZ_CARGO) test --quiet

fuzz-seeds: $(DONE)/rust
	@$(FUZZ_CARGO) run --quiet --example seeds corpus

fuzz-minimise: $(DONE)/cargo-fuzz $(DONE)/nightly $(DONE)/fuzz-python
	@$(FUZZ_RUN) minimise $(TARGET)

fuzz-lint: $(DONE)/rust $(DONE)/fuzz-python
	$(FUZZ_CARGO) fmt -p sansock-fuzz --check
	$(FUZZ_CARGO) clippy --quiet -p sansock-fuzz --all-targets -- -D warnings

safety-report: $(DONE)/nightly $(DONE)/fuzz-python
	@$(FUZZ_RUN) report
