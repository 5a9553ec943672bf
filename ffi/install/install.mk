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
