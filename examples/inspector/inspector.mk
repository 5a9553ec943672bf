# The page that shows captures.

INSPECTOR := examples/inspector

.PHONY: inspector test-inspector lint-inspector
inspector: $(INSPECTOR)/dist/inspector.html
	@node $(INSPECTOR)/serve.mjs $(PORT)

$(DONE)/npm-inspector: $(INSPECTOR)/package-lock.json | $(DONE)
	@echo 'set-up: npm packages for $(INSPECTOR)' >&2
	@cd $(INSPECTOR) && npm install --no-save --ignore-scripts --silent --no-audit --no-fund >&2
	@touch $@

$(INSPECTOR)/dist/inspector.html: bindings/js/dist/index.js $(call sources,$(INSPECTOR)/src) $(INSPECTOR)/src/index.html \
		$(INSPECTOR)/src/style.css $(INSPECTOR)/build.mjs $(DONE)/npm-inspector
	@echo 'build: the inspector' >&2
	@cd $(INSPECTOR) && npm run --silent build >&2

test-inspector: $(INSPECTOR)/dist/inspector.html $(addprefix $(DONE)/system-,chromium firefox-esr)
	cd $(INSPECTOR) && $(if $(LONG_IN),LONG_IN='$(LONG_IN)') npm run --silent test

lint-inspector: bindings/js/dist/index.js $(DONE)/npm-inspector
	cd $(INSPECTOR) && npm run --silent check
