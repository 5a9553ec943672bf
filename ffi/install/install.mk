# Installing the C library, for programs in C and C++.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=

INSTALL := python3 ffi/install/install.py
INSTALLED = --prefix '$(PREFIX)' --libdir '$(LIBDIR)' --includedir '$(INCLUDEDIR)' --destdir '$(DESTDIR)' \
	--built target/release --static $(STATIC)

.PHONY: install uninstall test-install
install: $(STATIC)
	@$(INSTALL) install $(INSTALLED)

uninstall:
	@$(INSTALL) uninstall $(INSTALLED)

test-install: $(STATIC) $(DONE)/venv $(addprefix $(DONE)/system-,gcc g++ clang pkg-config)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PYTHON) ffi/install/test.py
