# The manual pages, made of the headers.

.PHONY: man check-man
man:
	@python3 ffi/man/man.py target/man

check-man: | $(DONE)/system-mandoc
	@python3 ffi/man/man.py target/man check
