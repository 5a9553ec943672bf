# Sansock's Python package measured against others. The engines live in a virtual environment of their own.

BENCH_PYTHON := .tools/bench-python/bin/python

$(DONE)/bench-python: bindings/python/bench/requirements.txt $(FFI) $(PACKAGE) | $(DONE)/rust \
		$(DONE)/system-python3-venv
	@echo 'set-up: Python packages into .tools/bench-python' >&2
	@[ -x $(BENCH_PYTHON) ] || python3 -m venv .tools/bench-python >&2
	@$(BENCH_PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@$(BENCH_PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
		--no-build-isolation ./bindings/python >&2
	@touch $@

.PHONY: bench-python
bench-python: $(DONE)/bench-python
	@$(BENCH_RUN) bindings/python/bench

# With uvicorn, which has a page of its own.
.PHONY: bench-python-servers
bench-python-servers: $(DONE)/uvicorn
	@$(UVICORN_PYTHON) bindings/python/bench/servers.py $(ROUNDS) > bindings/python/bench/servers.new
	@mv bindings/python/bench/servers.new bindings/python/bench/servers.md

# Whole servers over sockets, which have a page of their own.
HOSTS_PYTHON := .tools/bench-hosts/bin/python
HOSTS_FOLDER := bindings/python/bench/hosts

$(DONE)/bench-hosts: $(HOSTS_FOLDER)/requirements.txt $(FFI) $(PACKAGE) | $(DONE)/rust $(DONE)/system-python3-venv
	@echo 'set-up: Python packages into .tools/bench-hosts' >&2
	@[ -x $(HOSTS_PYTHON) ] || python3 -m venv .tools/bench-hosts >&2
	@$(HOSTS_PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@$(HOSTS_PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
		--no-build-isolation ./bindings/python >&2
	@touch $@

.PHONY: bench-python-hosts bench-python-idle bench-python-hosts-page
bench-python-hosts: $(DONE)/bench-hosts
	@$(HOSTS_PYTHON) $(HOSTS_FOLDER)/run.py $(or $(ROUNDS),3) $(foreach cell,$(CELLS),'$(cell)')

bench-python-idle: $(DONE)/bench-hosts
	@$(HOSTS_PYTHON) $(HOSTS_FOLDER)/idle.py $(CONNECTIONS)

bench-python-hosts-page:
	@python3 $(HOSTS_FOLDER)/page.py
