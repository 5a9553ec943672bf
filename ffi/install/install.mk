# Installing the C library, for programs in C and C++.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

INSTALL := python3 ffi/install/install.py
INSTALLED = --prefix '$(PREFIX)' --libdir '$(LIBDIR)' --includedir '$(INCLUDEDIR)' --destdir '$(DESTDIR)' \
	--built target/release --static $(STATIC) --manual target/man

.PHONY: install uninstall test-install
install: $(STATIC) man
	@$(INSTALL) install $(INSTALLED)

uninstall: man
	@$(INSTALL) uninstall $(INSTALLED)

test-install: $(STATIC) $(DONE)/venv $(addprefix $(DONE)/system-,gcc g++ clang pkg-config libssl-dev libasio-dev)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) ffi/install/test.py
	@PATH="$(CURDIR)/.venv/bin:$$PATH" CARGO_BUILD_RUSTFLAGS="$$(.ci/release-flags)" $(PYTHON) ffi/install/tree.py

# The source tree inside that of a program, as an archive: cargo builds it anew.
.PHONY: test-tree
test-tree: $(DONE)/venv | $(DONE)/rust $(addprefix $(DONE)/system-,gcc g++ clang)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) ffi/install/tree.py archive
