# The C library as a WebAssembly module that imports nothing: a host passes the seeds, so no source of random bytes is compiled in.
SANSOCK_WASM := target/plain-wasm/wasm32-unknown-unknown/release/sansock.wasm
$(SANSOCK_WASM): $(FFI) | $(DONE)/rust
	@echo 'build: $@' >&2
	@CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS='--cfg getrandom_backend="unsupported"' \
	  cargo build --quiet --release -p sansock-ffi $(WASM_TARGET) --target-dir target/plain-wasm
	@touch $@

$(DONE)/wasmtime: examples/wasmtime/requirements.txt $(DONE)/venv
	@echo 'set-up: Python packages of examples/wasmtime into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

WASMTIME_TYPES := MYPYPATH=../../bindings/python/tests ../../.venv/bin/mypy --strict
.PHONY: test-wasmtime
test-wasmtime: $(SANSOCK_WASM) $(DONE)/wasmtime $(DONE)/python-package
	cd examples/wasmtime && $(RUFF) check --config ../../.ci/ruff.toml .
	cd examples/wasmtime && $(RUFF) format --check --config ../../.ci/ruff.toml .
	cd examples/wasmtime && $(WASMTIME_TYPES) .
	SANSOCK_WASM=$(SANSOCK_WASM) PYTHONPATH=bindings/python/tests $(PYTHON) -m pytest --quiet examples/wasmtime
