# Sansock. `make` lists the targets; `make demo` and `make test` need nothing before them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
export PATH := $(CURDIR)/.tools/bin:$(PATH)
export CARGO_TARGET_DIR := $(CURDIR)/target
export MYPY_CACHE_DIR := $(CURDIR)/target/mypy

HOSTS := rust rust-tokio c cpp python python-threads node deno bun $(shell examples/languages)
PORT ?= 0
CONNECTIONS ?= 10000
MESSAGES ?= 10000
SEED ?= 1
MSRV := 1.88.0
NO_STD := thumbv7em-none-eabi

DONE := .tools/done
PYTHON := .venv/bin/python
RUFF := ../../.venv/bin/ruff
MYPY := ../../.venv/bin/mypy
WASM_TARGET := --target wasm32-unknown-unknown

# Sources by part, so that nothing is built twice and nothing stale is run.
sources = $(shell find $(1) -type f \( -name '*.rs' -o -name '*.toml' -o -name '*.py' -o -name '*.ts' -o -name '*.json' \) \
	-not -path '*/node_modules/*' 2>/dev/null)
CORE := Cargo.toml Cargo.lock core/Cargo.toml $(call sources,core/src)
FFI := $(CORE) ffi/Cargo.toml ffi/build.rs $(call sources,ffi/src)
INSPECT := $(call sources,core/inspect/src) $(call sources,ffi/inspect)
WASM := $(CORE) $(call sources,wasm)
PACKAGE := bindings/python/pyproject.toml bindings/python/hatch_build.py $(call sources,bindings/python/src)

.PHONY: help
help:
	@printf '%s\n' \
	  'make demo                        every host talks to every host, and to two peers not ours' \
	  'make test                        everything that is checked (about fifteen minutes)' \
	  'make serve HOST=h [PORT=p]       echo server of that host; port 0, the default, takes a free one' \
	  'make client HOST=h URL=ws://...  client of that host: standard input out, messages in' \
	  '                                 both: DEFLATE=1 compresses; serve: HTTP=1 answers plain HTTP; hosts: $(HOSTS)' \
	  'make abi [BLESS=1] | man         the binary interface against the one on record | manual pages into target/man' \
	  'make test-c-hosts                what is installed for Asio, libuv, libevent and plain sockets, against peers not ours' \
	  'make test-c-hosts-slowly         the same tests by ThreadSanitizer and valgrind' \
	  'make build                       libraries, WebAssembly, packages and examples, release profile' \
	  'make lint | test-rust | test-c | test-python | test-js | test-bundlers | test-browser' \
	  '     | test-tunnel | test-http | test-http2 | test-relay | test-install | readme   parts of make test' \
	  'make inspector [PORT=p] | test-inspector   the page that shows captures, on 127.0.0.1 | in Chromium and Firefox, by clicks and keys' \
	  'make test-languages | test-wasmtime   hosts in Go, Lua and Ruby | the C library as a WebAssembly module, in Wasmtime' \
	  'make test-chat                   the chat in examples/python/chat, with Redis and NATS' \
	  'make test-newest-node            the tests of test-js in the newest Node that npm has' \
	  'make test-dependents             packages from npm that depend on ws, on sansock/ws' \
	  'make test-features               all tests of the engine without its features | the crate for tokio with each of them alone' \
	  'make prove                       whole domains, and two engines back to back, against models of the RFCs (a quarter of an hour)' \
	  'make interop [MESSAGES=n]        n messages each way between our hosts and the peers' \
	  'make soak [HOST=h] [CONNECTIONS=n]   hostile connections; memory and descriptors must come back' \
	  'make soak MINUTES=n [HOST=h] [SEED=n]   good connections among slow, hostile and dying ones, n minutes for each host' \
	  'make autobahn HOST=h [ROLE=client] [CASES="1.* 7.1.6"]   Autobahn|Testsuite against a host' \
	  'make test-objects                the WebAssembly module with objects, in all that wasm-pack makes it for (two minutes)' \
	  'make faults                      every request for memory fails once, from Rust and from C' \
	  'make peers                       the same bytes for ours and six others, and what each does with them' \
	  'make test-compat [SUITES="wsproto gql"] [CONVERSATIONS=n]   the tests of wsproto, websockets and programs over them, over ours' \
	  'make bench-rust | bench-c | bench-python | bench-node   against peers of that language [CELLS=text] [ROUNDS=n]' \
	  'make test-tokio | lint-tokio | bench-tokio   the crate for tokio: tests, lints, servers over loopback beside others' \
	  'make test-inspect-ffi            the inspector as the Python package calls it' \
	  'make relayed                     the demo through the relays of the packages: no byte may be changed (some minutes)' \
	  'make bench-relay [ROUNDS=n]      what looking costs the relays of the packages, against relays that do not look' \
	  'make bench-python-servers        under uvicorn, against its own protocols' \
	  'make bench-node-hosts [CELLS=20x100x1] | bench-node-idle   servers of JavaScript beside others: CPU per message | memory' \
	  'make bench-node-profiles | bench-hosts-profiles   where their time goes, by perf, as root' \
	  'make bench-python-hosts | bench-python-idle   whole servers in Python over sockets | their idle connections' \
	  'make bench-hosts [CELLS="125B-*" ROUNDS=n] | bench-idle   servers in C, C++ and Rust: CPU per message | 50,000 idle connections' \
	  'make doxygen                     the reference of the headers, into target/doxygen; a warning is an error' \
	  'make bench-scale | bench-memory  parts of bench-rust: many connections and large messages | idle connections' \
	  'make bench-pages                 the pages of bench-c, bench-python and bench-node, from what is recorded' \
	  'make bench-counts [BLESS=1]      instructions per message, against those on record' \
	  'make bench-hostile [BLESS=1]     instructions per hostile byte, beside honest ones' \
	  'make safety                      the tests under Miri, sanitizers, valgrind and cargo-careful' \
	  'make reproducible                what is released, built twice and compared byte by byte' \
	  'make supply-chain | sbom         the crates against deny.toml | bills of materials of the packages, written anew' \
	  'make fuzz [TARGET=t] [SECONDS=n] n seconds of each fuzz target, or of one | fuzz-minimise  their corpora' \
	  'make safety-report               SAFETY.md: what fuzzing has run and covers' \
	  'make coverage | mutants [SAMPLE=k/n] | mutants-again   SAFETY.md: branches that the tests take | mutants of the engine that they catch' \
	  'make msrv | no-std               check with Rust $(MSRV) | for a target without a standard library' \
	  'make install [PREFIX=/usr/local DESTDIR= LIBDIR= INCLUDEDIR=] | uninstall   the C library, for pkg-config and CMake' \
	  'make test-tree                   an archive of the source inside programs, by CMake and Meson' \
	  'make release-archive [TARGET=t]  the C library as an archive, into target/packages, and used once' \
	  'make deb | test-deb              Debian packages into target/deb | and their use in a clean system' \
	  'make targets                     the engine and the C library on other processors and Windows, under emulators (half an hour)' \
	  'make sizes                       how large the C library is in all its builds, against limits' \
	  'make small | test-bare           the C library where size counts | without an operating system, on an emulated board' \
	  'make test-conan                  packages by the recipe for Conan, and programs that use them' \
	  'make package                     crate, wheel, sdist and npm package into target/packages, and each used once' \
	  'make version [NEW=x.y.z]         the version of all packages, which is the same in all files | write another one' \
	  'make captures                    the captures that the inspector is tested with, anew; as root, for tcpdump' \
	  'make test-types | test-pythons   the types of the Python package are complete | its tests on other interpreters' \
	  'make test-pypy                   its wheel in PyPy: the engine, and both ends over sockets' \
	  'make wheels                      wheels of the Python package for any Linux, manylinux and musllinux' \
	  'make docs                        the pages of the Python package, into target/docs-python' \
	  'make setup | clean               tools into .tools, .venv and node_modules | remove all of it'

# --- Set-up: one stamp for each tool -------------------------------------------------------------------------------

.PHONY: setup
setup: $(addprefix $(DONE)/,rust wasm-tools system venv npm-js npm-conformance)

$(DONE):
	@mkdir -p $@

Cargo.lock: Cargo.toml
	@[ -e $@ ] || cargo generate-lockfile >&2
	@touch $@

$(DONE)/rust: .ci/setup-rust | $(DONE)
	@.ci/setup-rust >&2
	@touch $@

$(DONE)/wasm-tools: .ci/setup-wasm-tools Cargo.lock | $(DONE)
	@.ci/setup-wasm-tools >&2
	@touch $@

$(DONE)/system-%: .ci/setup-system | $(DONE)
	@.ci/setup-system $* >&2
	@touch $@

$(DONE)/system: $(addprefix $(DONE)/system-,gcc g++ clang chromium openssl python3-venv)
	@touch $@

$(DONE)/venv: .ci/requirements.txt | $(DONE)/system-python3-venv
	@echo 'set-up: Python packages into .venv' >&2
	@[ -x $(PYTHON) ] || python3 -m venv .venv >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

$(DONE)/npm-js: bindings/js/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for bindings/js' >&2
	@cd bindings/js && npm install --no-save --silent --no-audit --no-fund >&2
	@touch $@

$(DONE)/npm-fixtures: bindings/js/fixtures/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for bindings/js/fixtures' >&2
	@cd bindings/js/fixtures && npm install --no-save --ignore-scripts --silent --no-audit --no-fund >&2
	@touch $@

# --- Build: release profile, each thing once -----------------------------------------------------------------------

STATIC := target/c/libsansock.a
PROGRAMS := echo_server client
CXX_STANDARD := c++17
WARNINGS := -Wall -Wextra -Wpedantic -Werror
LIBRARIES := $(if $(filter Darwin,$(shell uname)),-framework Security -framework CoreFoundation,-lpthread -ldl -lm)

.PHONY: build
build: $(addprefix host-,$(HOSTS))

# The shared library comes with it, and the link by which programs load that.
$(STATIC): $(FFI) ffi/localize ffi/exports.txt | $(DONE)/rust $(DONE)/system-gcc
	@echo 'build: C library' >&2
	@CARGO_BUILD_RUSTFLAGS="$$(.ci/release-flags)" cargo build --quiet --release -p sansock-ffi
	@ffi/localize target/release/libsansock.a $@

# Of which profile the programs in Rust are: PROGRAMS_IN=debug builds them with the tests. The scripts that run them are told.
PROGRAMS_IN ?= programs
export PROGRAMS_IN
PROGRAMS_PROFILE := $(PROGRAMS_IN:debug=dev)

target/$(PROGRAMS_IN)/echo_server: $(CORE) $(call sources,examples/rust) | $(DONE)/rust
	@echo 'build: Rust examples' >&2
	@cargo build --quiet --profile $(PROGRAMS_PROFILE) -p sansock-examples
	@touch $@

TOKIO := $(CORE) bindings/tokio/Cargo.toml $(call sources,bindings/tokio/src)

# And with it those over HTTP/2.
target/$(PROGRAMS_IN)/tokio_echo_server: $(TOKIO) $(call sources,examples/rust/tokio) | $(DONE)/rust
	@echo 'build: Rust examples over tokio' >&2
	@cargo build --quiet --profile $(PROGRAMS_PROFILE) -p sansock-examples-tokio --bin tokio_echo_server --bin tokio_client --bin http2_server \
		--bin http2_client
	@touch $@

target/examples/c/%: examples/c/%.c $(wildcard examples/c/*.h) include/sansock.h $(STATIC)
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@cc -std=c11 -O2 $(WARNINGS) -Iinclude $< $(STATIC) $(LIBRARIES) -o $@

target/examples/cpp/%: examples/cpp/%.cpp $(wildcard examples/cpp/*.hpp) include/sansock.h include/sansock.hpp $(STATIC) \
		| $(DONE)/system-g++
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@c++ -std=$(CXX_STANDARD) -O2 $(WARNINGS) -Iinclude $< $(STATIC) $(LIBRARIES) -o $@

$(DONE)/python-package: $(FFI) $(INSPECT) $(PACKAGE) $(DONE)/venv | $(DONE)/rust
	@echo 'build: Python package' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps --no-build-isolation \
		./bindings/python >&2
	@touch $@

bindings/js/dist/index.js: $(WASM) $(call sources,bindings/js/src) $(wildcard bindings/js/scripts/*) \
		$(DONE)/npm-js $(DONE)/wasm-tools | $(DONE)/rust
	@echo 'build: WebAssembly module and npm package' >&2
	@cd bindings/js && npm run --silent build >&2
	@touch $@

.PHONY: $(addprefix host-,$(HOSTS))
host-rust: target/$(PROGRAMS_IN)/echo_server
host-rust-tokio: target/$(PROGRAMS_IN)/tokio_echo_server
host-c: $(addprefix target/examples/c/,$(PROGRAMS))
host-cpp: $(addprefix target/examples/cpp/,$(PROGRAMS))
host-python host-python-threads: $(DONE)/python-package
host-node host-deno host-bun: bindings/js/dist/index.js

# --- Run -----------------------------------------------------------------------------------------------------------

ifneq ($(filter serve client,$(MAKECMDGOALS)),)
ifeq ($(filter $(HOST),$(HOSTS)),)
$(error HOST=$(HOST) is not a host; choose one of: $(HOSTS))
endif
ifeq ($(filter client,$(MAKECMDGOALS))$(URL),client)
$(error URL= is missing: make client HOST=$(HOST) URL=ws://127.0.0.1:PORT)
endif
endif

.PHONY: serve client
serve: host-$(HOST)
	@exec examples/run serve $(HOST) $(PORT)

client: host-$(HOST)
	@exec examples/run client $(HOST) '$(URL)'

include conformance/clients.mk

DRIVE := PYTHONPATH=conformance/common $(PYTHON)
.PHONY: demo relayed interop soak
demo: build clients
	@$(DRIVE) conformance/demo/demo.py

relayed: build clients $(DONE)/python-package
	@$(DRIVE) conformance/demo/relayed.py $(RELAYED)

interop: build clients
	@$(DRIVE) conformance/demo/interop.py --messages $(MESSAGES)

soak: $(if $(HOST),host-$(HOST),build) $(DONE)/venv
	@$(DRIVE) conformance/demo/soak.py $(if $(HOST),--hosts $(HOST)) \
	  $(if $(MINUTES),--minutes $(MINUTES) --seed $(SEED),--connections $(CONNECTIONS))

include conformance/autobahn.mk
include conformance/benches.mk
include core/benches/bench.mk
include ffi/benches/bench.mk
include bindings/python/bench/bench.mk
include bindings/python/python.mk
include bindings/python/docs/docs.mk
include examples/python/chat/chat.mk
include examples/languages.mk
include examples/wasmtime/wasmtime.mk
include examples/inspector/inspector.mk
include bindings/js/bench/bench.mk
include bindings/tokio/tokio.mk
include bindings/js/dependents/dependents.mk
include bindings/js/objects/objects.mk
include conformance/peers.mk
include conformance/proxies.mk
include conformance/http.mk
include conformance/http2.mk
include conformance/relay.mk
include conformance/uvicorn.mk
include conformance/compat/compat.mk
include core/fuzz/fuzz.mk
include core/inspect/inspect.mk
include core/measure/measure.mk
include ffi/install/install.mk
include ffi/debian/deb.mk
include ffi/conan/conan.mk
include ffi/sizes/sizes.mk
include ffi/targets/targets.mk
include ffi/hosts/hosts.mk
include ffi/benches/hosts/hosts.mk
include ffi/doxygen/doxygen.mk
include ffi/inspect/inspect.mk
include .ci/package/package.mk
include .ci/safety.mk
include .ci/supply.mk

# --- Check ---------------------------------------------------------------------------------------------------------

# Fails every request for memory, the small ones too: a few minutes.
.PHONY: faults
faults: $(DONE)/rust $(addprefix $(DONE)/system-,gcc g++ clang)
	SANSOCK_FAULTS=all cargo test --quiet -p sansock --test no_memory -- --nocapture
	cargo test --quiet -p sansock-ffi --test c -- no_memory

.PHONY: test lint test-rust test-features test-c test-python test-js test-newest-node test-bundlers test-browser readme msrv msrv-toolchain no-std
test: setup $(addprefix $(DONE)/,npm-fixtures npm-inspector npm-dependents fuzz-python pyright peers proxies)
	@# Of two that start together, cargo may put its own new folder in place of that in which the other one has begun.
	@mkdir -p target
	@$(MAKE) --no-print-directory --jobs=3 --file=.ci/lanes.mk
	@echo 'make test: every check has passed'

PYTHON_PROGRAMS := ../../examples/python ../../conformance/clients/python
DRIVERS := autobahn benches clients/websockets common demo http http2 peers proxies relay uvicorn
LOCAL_RUFF := ../.venv/bin/ruff --config ../.ci/ruff.toml

lint: fuzz-lint lint-tokio lint-inspector test-types lint-measure $(DONE)/rust $(DONE)/python-package $(DONE)/npm-js $(DONE)/peers bindings/js/dist/index.js
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --features '$(ALL_OF_TOKIO)' -- -D warnings
	cargo clippy --quiet -p sansock --no-default-features -- -D warnings
	cargo clippy --quiet -p sansock-wasm $(WASM_TARGET) -- -D warnings
	cargo clippy --quiet -p sansock-wasm $(WASM_TARGET) --features deflate,fields,tunnel -- -D warnings
	cargo clippy --quiet -p sansock-wasm $(WASM_TARGET) --features objects -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet -p sansock --no-deps --all-features
	cd bindings/python && $(RUFF) check --config pyproject.toml . $(PYTHON_PROGRAMS)
	cd bindings/python && $(RUFF) format --check --config pyproject.toml . $(PYTHON_PROGRAMS)
	cd bindings/python && $(MYPY)
	cd conformance && $(LOCAL_RUFF) check $(DRIVERS)
	cd conformance && $(LOCAL_RUFF) format --check $(DRIVERS)
	cd conformance/demo && MYPYPATH=../common $(MYPY) --strict . ../clients/websockets
	cd conformance/autobahn && MYPYPATH=../common $(MYPY) --strict run.py page.py
	cd conformance/benches && MYPYPATH=../common $(MYPY) --strict run.py page.py
	cd conformance/http && MYPYPATH=../common $(MYPY) --strict run.py
	cd conformance/http2 && MYPYPATH=../common $(MYPY) --strict run.py
	cd conformance/peers && MYPYPATH=../common $(MYPY) --strict run.py
	cd conformance/peers/programs && ../$(MYPY) --strict .
	cd conformance/proxies && MYPYPATH=../common $(MYPY) --strict run.py programs/echo_server.py
	cd conformance/relay && MYPYPATH=../common $(MYPY) --strict run.py bench.py programs/websockets_server.py programs/plain_relay.py
	cd .ci/package && $(RUFF) check --config ../ruff.toml .
	cd .ci/package && $(RUFF) format --check --config ../ruff.toml .
	cd .ci/package && MYPYPATH=../../ffi/install $(MYPY) --strict .
	cd core/fuzz && $(RUFF) check --config ../../.ci/ruff.toml .
	cd core/fuzz && $(RUFF) format --check --config ../../.ci/ruff.toml .
	cd core/fuzz && MYPYPATH=../measure $(MYPY) --strict .
	cd ffi/install && $(RUFF) check --config ../../.ci/ruff.toml .
	cd ffi/install && $(RUFF) format --check --config ../../.ci/ruff.toml .
	cd ffi/install && $(MYPY) --strict install.py from_meson.py && $(MYPY) --strict test.py tree.py
	cd ffi && ../.venv/bin/ruff check --config ../.ci/ruff.toml abi conan man sizes
	cd ffi && ../.venv/bin/ruff format --check --config ../.ci/ruff.toml abi conan man sizes
	cd ffi && MYPYPATH=install ../.venv/bin/mypy --strict abi/abi.py && ../.venv/bin/mypy --strict man/man.py sizes/sizes.py
	cd ffi/hosts && $(RUFF) check --config ../../.ci/ruff.toml .
	cd ffi/hosts && $(RUFF) format --check --config ../../.ci/ruff.toml .
	cd ffi/hosts && MYPYPATH=../../conformance/common:../../conformance/proxies $(MYPY) --strict test.py hostile.py snippets.py
	cd bindings/js && npm run --silent check
	$(BENCH_PAGES) --check $(BENCH_FOLDERS)
	python3 $(HOSTS_FOLDER)/page.py --check

# Without features the engine has less, and is otherwise the same: test-features runs the other tests, too.
TESTS_WITHOUT_FEATURES := rfc6455 vectors
test-rust: $(DONE)/rust fuzz-replay
	cargo test --quiet -p sansock
	cargo test --quiet -p sansock --no-default-features $(TESTS_WITHOUT_FEATURES:%=--test %)
	cargo test --quiet -p sansock-examples -p sansock-command-client

test-features: $(DONE)/rust
	cargo test --quiet -p sansock --no-default-features

# Of these domains the tests take a share.
prove: $(DONE)/rust
	SANSOCK_PROVE=all cargo test --quiet --release -p sansock --test prove -- --nocapture

# The tests of the C ABI and of both headers are C and C++ programs, which cargo builds and runs.
test-c: $(DONE)/rust $(addprefix $(DONE)/system-,gcc g++ clang)
	cargo test --quiet -p sansock-ffi -p sansock-ffi-tests

test-python: $(DONE)/python-package
	$(PYTHON) -m pytest --quiet bindings/python

test-js: bindings/js/dist/index.js $(DONE)/npm-conformance $(DONE)/system-openssl
	cd bindings/js && npm run --silent test
	cd bindings/js && npm run --silent test:hosts
	cd bindings/js && npm run --silent test:deno
	cd bindings/js && npm run --silent test:bun
	[ "$$(node examples/node/readme.mjs)" = "Hello, 世界" ]

# The tests of the package in the newest Node that npm has, which has a package for each system and processor.
test-newest-node: bindings/js/dist/index.js $(DONE)/npm-conformance $(DONE)/system-openssl
	@node=node-$$(node -p 'process.platform.replace("win32", "win") + "-" + process.arch') \
	  && npm install --prefix .tools/newest-node --no-save --silent --no-audit --no-fund $$node@latest >&2 \
	  && export PATH="$(CURDIR)/.tools/newest-node/node_modules/$$node/bin:$$PATH" \
	  && cd bindings/js && npm run --silent test && npm run --silent test:hosts && echo "newest Node: $$(node --version), ok"

# Programs with the package, through each bundler, in each runtime.
test-bundlers: bindings/js/dist/index.js $(DONE)/npm-fixtures $(addprefix $(DONE)/system-,chromium)
	cd bindings/js/fixtures && node run.mjs

test-browser: bindings/js/dist/index.js $(addprefix $(DONE)/system-,chromium openssl)
	cd bindings/js && npm run --silent test:browser

# The programs of the README, each built in an empty folder with the commands that stand behind it.
readme: $(DONE)/rust $(addprefix $(DONE)/system-,g++ python3-venv libboost-dev libssl-dev) bindings/js/dist/index.js
	@.ci/readme

# The crate for tokio, which brings a hundred others, is checked by test-features.
check-msrv = ! rustup run $(MSRV) rustc --version >/dev/null 2>&1 || cargo +$(MSRV) check --quiet $(1)
msrv: msrv-toolchain
	@$(call check-msrv,-p sansock -p sansock-ffi -p sansock-inspect-ffi)

msrv-toolchain: $(DONE)/rust
	@rustup run $(MSRV) rustc --version >/dev/null 2>&1 \
	  || rustup toolchain install $(MSRV) --profile minimal --no-self-update \
	  || echo 'msrv: Rust $(MSRV) cannot be had here: only the lint incompatible_msrv, in make lint, has checked' >&2

# A target that has no standard library shows that the engine needs none.
no-std: $(DONE)/rust
	@if rustup target add $(NO_STD) >/dev/null 2>&1; \
	  then cargo check --quiet -p sansock --no-default-features --target $(NO_STD); \
	  else echo 'no-std: the target $(NO_STD) cannot be had here: not checked' >&2; fi

.PHONY: clean
clean:
	rm -rf target .tools .venv bindings/js/build bindings/js/dist bindings/js/node_modules bindings/js/dependents/node_modules conformance/node_modules bindings/js/bench/node_modules core/fuzz/artifacts
