# Sansock's npm package measured against others.

$(DONE)/npm-bench: bindings/js/bench/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for bindings/js/bench' >&2
	@cd bindings/js/bench && npm install --no-save --silent --no-audit --no-fund >&2
	@touch $@

.PHONY: bench-node
bench-node: bindings/js/dist/index.js $(DONE)/npm-bench
	@$(BENCH_RUN) bindings/js/bench
