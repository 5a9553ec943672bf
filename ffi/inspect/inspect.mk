# The inspector as a library for the Python package.

.PHONY: test-inspect-ffi
test-inspect-ffi: $(DONE)/rust
	cargo test --quiet -p sansock-inspect-ffi
