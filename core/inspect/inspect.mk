# The inspector of captures: core/inspect/README.md.

CAPTURES := core/inspect/captures

.PHONY: captures lint-inspect test-inspect
# As root. Everything that speaks in them must be built.
captures: host-python host-node host-c $(DONE)/npm-conformance $(DONE)/venv
	$(PYTHON) $(CAPTURES)/make.py

lint: lint-inspect
lint-inspect: $(DONE)/venv
	cd $(CAPTURES) && ../$(RUFF) check --config ../../../.ci/ruff.toml .
	cd $(CAPTURES) && ../$(RUFF) format --check --config ../../../.ci/ruff.toml .
	cd $(CAPTURES) && ../$(MYPY) --strict .
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet -p sansock-inspect --no-deps

test-rust: test-inspect
test-inspect: $(DONE)/rust
	cargo test --quiet -p sansock-inspect
	cargo test --quiet -p sansock --features trace --doc -- trace
