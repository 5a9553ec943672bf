# Plain HTTP on the port of the echo servers, as clients that are not ours see it.

.PHONY: test-http
test-http: build $(DONE)/venv | $(DONE)/system-curl
	@$(DRIVE) conformance/http/run.py
