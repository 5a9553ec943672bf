# The reference of the headers, into target/doxygen: a warning is an error.

.PHONY: doxygen
doxygen: | $(DONE)/system-doxygen
	@rm -rf target/doxygen && mkdir -p target/doxygen
	@doxygen ffi/doxygen/Doxyfile >&2
	@echo 'target/doxygen/html/index.html'
