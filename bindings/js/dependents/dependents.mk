# Packages from npm that depend on ws, run on sansock/ws.

$(DONE)/npm-dependents: bindings/js/dependents/package-lock.json $(wildcard bindings/js/dependents/ws/*) | $(DONE)
	@echo 'set-up: npm packages for bindings/js/dependents' >&2
	@cd bindings/js/dependents && npm install --no-save --ignore-scripts --silent --no-audit --no-fund >&2
	@touch $@

.PHONY: test-dependents
test-dependents: bindings/js/dist/index.js $(DONE)/npm-dependents
	cd bindings/js/dependents && node --test --test-force-exit dependents.test.mjs
