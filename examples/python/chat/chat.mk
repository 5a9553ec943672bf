# The chat of the examples, with both brokers.

$(DONE)/chat: examples/python/chat/requirements.txt $(DONE)/venv
	@echo 'set-up: Python packages of examples/python/chat into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

.PHONY: test-chat
test-chat: $(DONE)/chat $(DONE)/python-package | $(addprefix $(DONE)/system-,redis-server nats-server)
	$(PYTHON) -m pytest --quiet bindings/python/tests/test_chat.py
