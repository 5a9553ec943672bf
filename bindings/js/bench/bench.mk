# Sansock's npm package measured against others.

$(DONE)/npm-bench: bindings/js/bench/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for bindings/js/bench' >&2
	@cd bindings/js/bench && npm install --no-save --silent --no-audit --no-fund >&2
	@touch $@

.PHONY: bench-node
bench-node: bindings/js/dist/index.js $(DONE)/npm-bench
	@$(BENCH_RUN) bindings/js/bench

# Whole servers over loopback, beside ws and the servers that Deno and Bun have; and what idle connections hold.
.PHONY: bench-node-hosts bench-node-profiles bench-node-idle
bench-node-hosts: bindings/js/dist/index.js $(DONE)/npm-bench
	@cd bindings/js/bench/hosts && node run.mjs --rounds $(if $(ROUNDS),$(ROUNDS),3) $(if $(CELLS),--cells '$(CELLS)',&& node page.mjs)

# As root: `perf` looks at the kernel.
bench-node-profiles: bindings/js/dist/index.js $(DONE)/npm-bench | $(DONE)/system-perf
	@cd bindings/js/bench/hosts && node profile.mjs $(if $(CELLS),--cells '$(CELLS)',&& node page.mjs)

bench-node-idle: bindings/js/dist/index.js $(DONE)/npm-bench
	@cd bindings/js/bench/hosts && node idle.mjs $(CONNECTIONS) && node page.mjs
