# How much of the engine the tests reach, and how much of it they hold in place: core/measure/README.md.

MEASURE := core/measure

# Every how many-eth mutant is tried, and from which on: 3/14 is the fourth, the eighteenth, and so on.
SAMPLE := 0/14

.PHONY: coverage mutants mutants-again mutants-report test-trace lint-measure
coverage: $(DONE)/nightly
	@$(MEASURE)/coverage.py

mutants: $(DONE)/cargo-mutants
	@$(MEASURE)/mutants.py sample $(SAMPLE)

mutants-again: $(DONE)/cargo-mutants
	@$(MEASURE)/mutants.py again

mutants-report: $(DONE)/cargo-mutants
	@$(MEASURE)/mutants.py report

# The tests of a feature that is off by default.
test-rust: test-trace
test-trace: $(DONE)/rust
	cargo test --quiet -p sansock --features trace --test trace

lint-measure: $(DONE)/venv
	cd $(MEASURE) && $(RUFF) check --config ../../.ci/ruff.toml .
	cd $(MEASURE) && $(RUFF) format --check --config ../../.ci/ruff.toml .
	cd $(MEASURE) && $(MYPY) --strict .
