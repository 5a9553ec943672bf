# The C library where size counts, and without an operating system; and how large all of it is.

BARE_BOARD := -mcpu=cortex-m4 -mthumb -mfloat-abi=soft
BARE_EXAMPLE := examples/c/bare
QEMU_BOARD := qemu-system-arm -machine mps2-an386 -cpu cortex-m4 -semihosting-config enable=on,target=native \
	-display none -monitor none -serial none

target/small/plain/c/libsansock.so: $(FFI) ffi/small ffi/localize $(DONE)/nightly | $(DONE)/rust
	@echo 'build: small C library, without deflate' >&2
	@ffi/small target/small/plain std

target/small/deflate/c/libsansock.so: $(FFI) ffi/small ffi/localize $(DONE)/nightly | $(DONE)/rust
	@echo 'build: small C library' >&2
	@ffi/small target/small/deflate std,deflate

target/sizes/release/libsansock.so: $(FFI) | $(DONE)/rust
	@echo 'build: C library without deflate' >&2
	@cargo build --quiet --release -p sansock-ffi --no-default-features --features std --target-dir target/sizes
	@touch $@

target/bare/libsansock.a: $(FFI) ffi/bare ffi/localize | $(DONE)/rust $(DONE)/system-gcc-arm-none-eabi
	@echo 'build: C library for $(NO_STD)' >&2
	@rustup target add $(NO_STD) >/dev/null 2>&1 || true
	@ffi/bare target/bare $(NO_STD)

target/bare/conversation.elf: $(wildcard $(BARE_EXAMPLE)/*) include/sansock.h target/bare/libsansock.a
	@arm-none-eabi-gcc -std=c11 -Os $(BARE_BOARD) $(WARNINGS) -ffunction-sections -Iinclude $(BARE_EXAMPLE)/*.c target/bare/libsansock.a \
	  --specs=rdimon.specs -T $(BARE_EXAMPLE)/mps2.ld -Wl,--gc-sections -Wl,--no-warn-execstack -o $@

.PHONY: small sizes test-bare
small: target/small/plain/c/libsansock.so target/small/deflate/c/libsansock.so

# The example, on a board that is emulated.
test-bare: target/bare/conversation.elf | $(DONE)/system-qemu-system-arm
	@timeout 60 $(QEMU_BOARD) -kernel $< >target/bare/said.txt
	@cat target/bare/said.txt
	@diff <(grep -v '^sansock\|^memory' target/bare/said.txt) $(BARE_EXAMPLE)/says.txt

sizes: small $(STATIC) target/sizes/release/libsansock.so target/bare/conversation.elf | $(DONE)/system-valgrind
	@python3 ffi/sizes/sizes.py
