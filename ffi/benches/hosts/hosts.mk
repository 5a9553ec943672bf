# Whole servers in C, C++ and Rust beside others, over loopback; and many idle connections.

BENCH_HOSTS := target/bench-hosts
BENCH_HOSTS_FOLDER := ffi/benches/hosts
BENCH_HOSTS_OURS := $(addprefix target/examples/c/,epoll_echo_server uring_echo_server uv_echo_server event_echo_server) \
	target/examples/cpp/asio_echo_server
BENCH_HOSTS_PEERS := $(addprefix $(BENCH_HOSTS)/,load lws beast uws)
BENCH_HOSTS_TOKIO := $(BENCH_TARGET)/release/sansock-bench-tokio

$(BENCH_HOSTS)/%: $(BENCH_HOSTS_FOLDER)/%.c
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@cc -std=c11 -O2 $(WARNINGS) $< $(BENCH_HOSTS_LIBRARIES_$*) -o $@

$(BENCH_HOSTS)/lws: | $(DONE)/system-libwebsockets-dev
BENCH_HOSTS_LIBRARIES_lws := -lwebsockets

$(BENCH_HOSTS)/beast: $(BENCH_HOSTS_FOLDER)/beast.cpp | $(DONE)/system-libboost-dev
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@c++ -std=c++20 -O2 $(WARNINGS) $< -o $@

$(BENCH_HOSTS)/uws: $(wildcard $(BENCH_HOSTS_FOLDER)/uws/*) | $(DONE)/rust
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@$(BENCH_HOSTS_FOLDER)/uws/build $@

$(BENCH_HOSTS_TOKIO): $(TOKIO) $(wildcard $(TOKIO_BENCH)/Cargo.* $(TOKIO_BENCH)/src/*) | $(DONE)/rust
	@echo 'build: $@' >&2
	@cd $(TOKIO_BENCH) && CARGO_TARGET_DIR='$(CURDIR)/$(BENCH_TARGET)' cargo build --quiet --release
	@touch $@

# What `perf` tells is read by a module that others share.
BENCH_HOSTS_PYTHON := PYTHONPATH=conformance/common python3

.PHONY: bench-hosts bench-hosts-profiles bench-hosts-page lint-bench-hosts
bench-hosts: $(BENCH_HOSTS_OURS) $(BENCH_HOSTS_PEERS) $(BENCH_HOSTS_TOKIO)
	@$(BENCH_HOSTS_PYTHON) $(BENCH_HOSTS_FOLDER)/run.py $(or $(ROUNDS),3) $(foreach cell,$(CELLS),'$(cell)')

# As root: `perf` looks at the kernel.
bench-hosts-profiles: $(BENCH_HOSTS_OURS) $(BENCH_HOSTS_PEERS) $(BENCH_HOSTS_TOKIO) | $(DONE)/system-perf
	@$(BENCH_HOSTS_PYTHON) $(BENCH_HOSTS_FOLDER)/profiles.py $(foreach cell,$(CELLS),'$(cell)')

bench-hosts-page:
	@$(BENCH_HOSTS_PYTHON) $(BENCH_HOSTS_FOLDER)/page.py

lint: lint-bench-hosts
lint-bench-hosts: $(DONE)/venv
	cd $(BENCH_HOSTS_FOLDER) && ../../../.venv/bin/ruff check --config ../../../.ci/ruff.toml .
	cd $(BENCH_HOSTS_FOLDER) && ../../../.venv/bin/ruff format --check --config ../../../.ci/ruff.toml .
	cd $(BENCH_HOSTS_FOLDER) && MYPYPATH=../../../conformance/common ../../../.venv/bin/mypy --strict .
	$(BENCH_HOSTS_PYTHON) $(BENCH_HOSTS_FOLDER)/page.py --check

# CONNECTIONS=n for another number of them.
.PHONY: bench-idle
bench-idle: target/examples/c/fanout_server
	@python3 $(BENCH_HOSTS_FOLDER)/idle.py $(if $(filter command%,$(origin CONNECTIONS)),$(CONNECTIONS))
