# Debian packages of the C library, for the release of Debian that this machine has.

DEB := target/deb

.PHONY: deb test-deb
deb: | $(DONE)/rust $(addprefix $(DONE)/system-,debhelper lintian)
	@ffi/debian/package $(DEB)

test-deb: deb | $(DONE)/system-mmdebstrap
	@ffi/debian/test $(DEB)
