# Sansock's C library measured against others in C and C++.

BENCH_C := target/bench/c
BENCH_C_ENGINES := sansock sansock_header wslay beast floor

$(DONE)/bench-c: | $(DONE)/system-gcc $(DONE)/system-g++
	@ffi/benches/setup >&2
	@touch $@

# Its header tells another version than its package.
WSLAY_PACKAGE = $(shell dpkg-query -W -f='$${Version}' libwslay-dev 2>/dev/null || echo unknown)
$(BENCH_C)/wslay.o: WSLAY = -DWSLAY_PACKAGE='"$(WSLAY_PACKAGE)"'

$(BENCH_C)/%.o: ffi/benches/%.c ffi/benches/engine.h include/sansock.h $(DONE)/bench-c
	@mkdir -p $(@D)
	@cc -std=c11 -O2 $(WARNINGS) -Iinclude $(WSLAY) -c $< -o $@

$(BENCH_C)/%.o: ffi/benches/%.cpp ffi/benches/engine.h $(DONE)/bench-c
	@mkdir -p $(@D)
	@c++ -std=c++17 -O2 $(WARNINGS) -Iinclude -c $< -o $@

# The worker asks a server of ours what to answer to a client, whichever engine that is.
$(BENCH_C_ENGINES:%=$(BENCH_C)/%): $(BENCH_C)/%: $(BENCH_C)/%.o $(addprefix $(BENCH_C)/,worker.o absent.o) $(STATIC)
	@echo 'build: $@' >&2
	@c++ -O2 $^ $(BENCH_C_LIBRARIES_$*) $(LIBRARIES) -o $@

BENCH_C_LIBRARIES_wslay := -lwslay

.PHONY: bench-c
bench-c: $(addprefix $(BENCH_C)/,$(BENCH_C_ENGINES))
	@$(BENCH_RUN) ffi/benches
