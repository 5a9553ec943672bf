# The examples over HTTP/2, from one language to the other.

target/examples/cpp/http2_server: LIBRARIES += -lnghttp2
target/examples/cpp/http2_server: | $(DONE)/system-libnghttp2-dev

.PHONY: test-http2
test-http2: host-rust-tokio target/examples/cpp/http2_server $(DONE)/python-package bindings/js/dist/index.js \
		$(DONE)/system-openssl
	@$(DRIVE) conformance/http2/run.py
