# The pages of the Python package, into target/docs-python: tutorial, guides and a reference made from the docstrings.

DOCS_PYTHON := bindings/python/docs

$(DONE)/docs: $(DOCS_PYTHON)/requirements.txt $(DONE)/venv
	@echo 'set-up: Python packages of $(DOCS_PYTHON) into .venv' >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $< >&2
	@touch $@

# Warnings are errors. The programs on the pages are run by test-python, those for Django Channels and Sanic only after this
# target has installed these.
.PHONY: docs
docs: $(DONE)/docs $(DONE)/python-package
	@$(PYTHON) -m sphinx --quiet --fail-on-warning --keep-going -b html -d target/docs-python/.doctrees \
		$(DOCS_PYTHON) target/docs-python
	@echo 'target/docs-python/index.html'
