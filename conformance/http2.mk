# The examples over HTTP/2, from one language to the other.

.PHONY: test-http2
test-http2: $(DONE)/python-package bindings/js/dist/index.js $(DONE)/system-openssl
	@$(DRIVE) conformance/http2/run.py
