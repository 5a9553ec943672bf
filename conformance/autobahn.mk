# Autobahn|Testsuite, which the field judges WebSocket by, against the echo server or the client of a host.

ROLE ?= server
CASES ?= *

ifneq ($(filter autobahn,$(MAKECMDGOALS)),)
ifeq ($(filter $(HOST),$(HOSTS)),)
$(error HOST=$(HOST) is not a host; choose one of: $(HOSTS))
endif
ifeq ($(filter $(ROLE),server client),)
$(error ROLE=$(ROLE) is neither server nor client)
endif
endif

$(DONE)/autobahn: conformance/autobahn/setup conformance/autobahn/requirements.txt $(DONE)/venv | $(DONE)/system-gcc
	@echo 'set-up: Autobahn|Testsuite into .tools/autobahn' >&2
	@PYTHON3=$(PYTHON) conformance/autobahn/setup .tools/autobahn >&2
	@touch $@

.PHONY: autobahn conformance-page
autobahn: $(if $(filter client,$(ROLE)),client,host)-$(HOST) $(DONE)/autobahn
	@$(DRIVE) conformance/autobahn/run.py $(HOST) $(ROLE) $(foreach case,$(CASES),'$(case)')

conformance-page: $(DONE)/venv
	@$(DRIVE) conformance/autobahn/page.py
