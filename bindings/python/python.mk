# The Python package beyond its tests: its types, other interpreters, and wheels for any Linux.

PYTHON_PACKAGE := bindings/python
WHEELS := .tools/wheels
INSPECTOR_LIBRARY := target/release/libsansock_inspect.so

$(DONE)/pyright: $(PYTHON_PACKAGE)/tests/requirements-types.txt $(DONE)/venv
	@echo 'set-up: pyright into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.PHONY: test-types test-pythons wheels
test-types: $(DONE)/pyright
	@$(PYTHON) $(PYTHON_PACKAGE)/tests/verify_types.py

$(INSPECTOR_LIBRARY): $(FFI) $(INSPECT) | $(DONE)/rust
	@echo 'build: library of the inspector' >&2
	@CARGO_BUILD_RUSTFLAGS="$$(.ci/release-flags)" cargo build --quiet --release -p sansock-inspect-ffi

# Not a part of make test: as many runs of the tests as there are interpreters. PYTHONS names some; default: all found.
test-pythons: $(STATIC) $(INSPECTOR_LIBRARY)
	@$(PYTHON_PACKAGE)/tests/run_pythons target/release/libsansock.so $(INSPECTOR_LIBRARY) .tools/pythons $(PYTHONS)

# In PyPy: the engine, the session, and both ends over sockets under asyncio and threads, all of it from the wheel. Of the
# cases of the engine those in pieces are left out, which take a minute there.
PYPY := .tools/pypy/bin/python
PYPY_FILES := vectors session both_ends answer_to_close events fields frames http import inspect layout misuse opening \
	prepared readme tunnel

$(DONE)/pypy: | $(DONE)/system-pypy3
	@echo 'set-up: pytest for PyPy into .tools/pypy' >&2
	@pypy3 -m venv .tools/pypy >&2
	@$(PYPY) -m pip install --quiet --disable-pip-version-check pytest typing_extensions >&2
	@touch $@

.PHONY: test-pypy
test-pypy: $(STATIC) $(INSPECTOR_LIBRARY) $(DONE)/venv $(DONE)/pypy
	@rm -rf target/pypy
	@SANSOCK_LIBRARY=$(abspath target/release/libsansock.so) SANSOCK_INSPECT_LIBRARY=$(abspath $(INSPECTOR_LIBRARY)) \
	  $(PYTHON) -m build --wheel --no-isolation --outdir target/pypy $(PYTHON_PACKAGE) >/dev/null
	@$(PYPY) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-index target/pypy/*.whl
	@cd $(PYTHON_PACKAGE) && env -u PYTHONPATH -u SANSOCK_LIBRARY -u SANSOCK_INSPECT_LIBRARY ../../$(PYPY) -m pytest --quiet \
	  -p no:cacheprovider --deselect tests/test_vectors.py::test_in_pieces $(PYPY_FILES:%=tests/test_%.py)

$(DONE)/wheels: $(PYTHON_PACKAGE)/requirements-wheels.txt | $(DONE)/rust $(DONE)/system-python3-venv
	@echo 'set-up: zig and auditwheel into $(WHEELS)' >&2
	@[ -x $(WHEELS)/bin/python ] || python3 -m venv $(WHEELS) >&2
	@$(WHEELS)/bin/python -m pip install --quiet --disable-pip-version-check -r $< >&2
	@rustup target add --toolchain "$$(rustup show active-toolchain | cut -d' ' -f1)" "$$(uname -m)-unknown-linux-musl" >&2
	@touch $@

wheels: $(DONE)/wheels | $(DONE)/system-musl-tools
	@$(WHEELS)/bin/python $(PYTHON_PACKAGE)/wheels.py target/packages/wheels
