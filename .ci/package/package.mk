# The packages as they are published, into target/packages: RELEASING.md.

CHECKS := .ci/package

.PHONY: package package-crate package-python package-npm version sbom
package: version package-crate package-python package-npm

version: $(DONE)/venv
	@$(PYTHON) $(CHECKS)/version.py $(NEW)

package-crate: $(DONE)/venv | $(DONE)/rust
	@$(PYTHON) $(CHECKS)/crate.py

package-python: $(DONE)/venv | $(DONE)/rust
	@$(PYTHON) $(CHECKS)/python.py

package-npm: $(DONE)/venv bindings/js/dist/index.js
	@$(PYTHON) $(CHECKS)/npm.py

# What is inside the packages: written anew after each change of Cargo.lock, and committed.
sbom: $(DONE)/venv $(DONE)/cargo-cyclonedx
	@$(PYTHON) $(CHECKS)/sbom.py
