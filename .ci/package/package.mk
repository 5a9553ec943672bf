# The packages as they are published, into target/packages: RELEASING.md.

CHECKS := .ci/package

.PHONY: release-archive package package-crate package-python package-npm version sbom
package: version package-crate package-python package-npm

version: $(DONE)/venv
	@$(PYTHON) $(CHECKS)/version.py $(NEW)

package-crate: $(DONE)/venv | $(DONE)/rust
	@$(PYTHON) $(CHECKS)/crate.py

package-python: $(DONE)/venv examples/inspector/dist/inspector.html | $(DONE)/rust
	@$(PYTHON) $(CHECKS)/python.py

package-npm: $(DONE)/venv examples/inspector/dist/inspector.html
	@$(PYTHON) $(CHECKS)/npm.py

# The C library as an archive, for Linux with glibc; not a part of make package. TARGET=aarch64-unknown-linux-gnu is for another
# processor, and needs the binutils for it.
release-archive: $(DONE)/venv $(DONE)/wheels | $(DONE)/rust $(addprefix $(DONE)/system-,gcc g++ clang pkg-config)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) $(CHECKS)/archive.py $(TARGET)

# What is inside the packages: written anew after each change of Cargo.lock, and committed.
sbom: $(DONE)/venv $(DONE)/cargo-cyclonedx
	@$(PYTHON) $(CHECKS)/sbom.py
