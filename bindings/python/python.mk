# The Python package beyond its tests: its types, other interpreters, and wheels for any Linux.

PYTHON_PACKAGE := bindings/python
WHEELS := .tools/wheels
INSPECTOR := target/release/libsansock_inspect.so

$(DONE)/pyright: $(PYTHON_PACKAGE)/tests/requirements-types.txt $(DONE)/venv
	@echo 'set-up: pyright into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.PHONY: test-types test-pythons wheels
test-types: $(DONE)/pyright
	@$(PYTHON) $(PYTHON_PACKAGE)/tests/verify_types.py

$(INSPECTOR): $(FFI) $(INSPECT) | $(DONE)/rust
	@echo 'build: library of the inspector' >&2
	@CARGO_BUILD_RUSTFLAGS="$$(.ci/release-flags)" cargo build --quiet --release -p sansock-inspect-ffi

# Not a part of make test: as many runs of the tests as there are interpreters. PYTHONS names some; default: all found.
test-pythons: $(STATIC) $(INSPECTOR)
	@$(PYTHON_PACKAGE)/tests/run_pythons target/release/libsansock.so $(INSPECTOR) .tools/pythons $(PYTHONS)

$(DONE)/wheels: $(PYTHON_PACKAGE)/requirements-wheels.txt | $(DONE)/rust $(DONE)/system-python3-venv
	@echo 'set-up: zig and auditwheel into $(WHEELS)' >&2
	@[ -x $(WHEELS)/bin/python ] || python3 -m venv $(WHEELS) >&2
	@$(WHEELS)/bin/python -m pip install --quiet --disable-pip-version-check -r $< >&2
	@rustup target add --toolchain "$$(rustup show active-toolchain | cut -d' ' -f1)" "$$(uname -m)-unknown-linux-musl" >&2
	@touch $@

wheels: $(DONE)/wheels | $(DONE)/system-musl-tools
	@$(WHEELS)/bin/python $(PYTHON_PACKAGE)/wheels.py target/packages/wheels
