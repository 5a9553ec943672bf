# The engine and the C library on other machines, under emulators: half an hour.

TARGETS := aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf s390x-unknown-linux-gnu x86_64-pc-windows-gnu
CROSS_COMPILERS := gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-s390x-linux-gnu gcc-mingw-w64-x86-64
APPLE := aarch64-apple-darwin

.PHONY: targets target-apple $(addprefix target-,$(TARGETS))
targets: $(addprefix target-,$(TARGETS)) target-apple

$(addprefix target-,$(TARGETS)): target-%: | $(DONE)/rust $(addprefix $(DONE)/system-,$(CROSS_COMPILERS) qemu-user wine)
	@ffi/targets/run $*

# There is no linker and no emulator for macOS: what is compiled is checked.
target-apple: | $(DONE)/rust
	@rustup target add $(APPLE) >/dev/null 2>&1 || true
	@cargo check --quiet --target $(APPLE) -p sansock -p sansock-ffi -p sansock-examples -p sansock-tokio
	@echo '$(APPLE): the engine, the C library, the crate for tokio without TLS, and the examples in Rust are checked'
