# The recipe for Conan: packages with both kinds of library, and programs that use them.

CONAN := CONAN_HOME='$(CURDIR)/target/conan' PATH="$(CURDIR)/.venv/bin:$$PATH" .tools/conan/bin/conan
CONAN_VERSION := 2.34.0

$(DONE)/conan: ffi/conan/conan.mk | $(DONE) $(DONE)/system-python3-venv
	@echo 'set-up: Conan into .tools/conan' >&2
	@[ -x .tools/conan/bin/python ] || python3 -m venv .tools/conan >&2
	@.tools/conan/bin/python -m pip install --quiet --disable-pip-version-check conan==$(CONAN_VERSION) >&2
	@touch $@

.PHONY: test-conan
test-conan: $(DONE)/conan $(DONE)/venv | $(DONE)/rust $(addprefix $(DONE)/system-,gcc g++)
	@$(CONAN) profile detect --force >target/conan.log 2>&1 || { cat target/conan.log >&2; exit 1; }
	@for options in 'shared=True' 'shared=False' 'deflate=False'; do \
	  $(CONAN) create ffi/conan -o "sansock/*:$$options" >target/conan.log 2>&1 \
	    || { tail -n 40 target/conan.log >&2; exit 1; }; \
	  echo "conan: a package with $$options, and programs that use it"; \
	done
	@rm -rf ffi/conan/test_package/build
