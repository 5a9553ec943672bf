# The command clients, which the demo and the conformance runs drive: one for each host (conformance/clients/README.md).

CLIENT_HOSTS := $(filter-out python-threads,$(HOSTS))

target/$(PROGRAMS_IN)/command_client: $(CORE) $(call sources,conformance/clients/rust) \
		examples/rust/src/bin/client/threads.rs | $(DONE)/rust
	@echo 'build: $@' >&2
	@cargo build --quiet --profile $(PROGRAMS_PROFILE) -p sansock-command-client --bin command_client
	@touch $@

target/$(PROGRAMS_IN)/tokio_command_client: $(TOKIO) $(call sources,conformance/clients/rust) | $(DONE)/rust
	@echo 'build: $@' >&2
	@cargo build --quiet --profile $(PROGRAMS_PROFILE) -p sansock-command-client --bin tokio_command_client
	@touch $@

target/clients/c/command_client: conformance/clients/c/command_client.c $(wildcard examples/c/*.h) include/sansock.h \
		$(STATIC)
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@cc -std=c11 -O2 $(WARNINGS) -Iinclude $< $(STATIC) $(LIBRARIES) -o $@

target/clients/cpp/command_client: conformance/clients/cpp/command_client.cpp $(wildcard examples/cpp/*.hpp) \
		include/sansock.h include/sansock.hpp $(STATIC) | $(DONE)/system-g++
	@echo 'build: $@' >&2
	@mkdir -p $(@D)
	@c++ -std=c++17 -O2 $(WARNINGS) -Iinclude $< $(STATIC) $(LIBRARIES) -o $@

# The others are run from their sources.
.PHONY: clients $(CLIENT_HOSTS:%=client-%)
clients: $(CLIENT_HOSTS:%=client-%) $(DONE)/venv $(DONE)/npm-conformance
$(CLIENT_HOSTS:%=client-%): client-%: host-%
client-rust: target/$(PROGRAMS_IN)/command_client
client-rust-tokio: target/$(PROGRAMS_IN)/tokio_command_client
client-c: target/clients/c/command_client
client-cpp: target/clients/cpp/command_client

$(DONE)/npm-conformance: conformance/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for conformance' >&2
	@cd conformance && npm install --no-save --silent --no-audit --no-fund >&2
	@touch $@
