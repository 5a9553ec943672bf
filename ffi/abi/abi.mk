# The binary interface, held against what is recorded for its number. BLESS=1 records what was added.

.PHONY: abi
abi: $(STATIC) | $(addprefix $(DONE)/system-,gcc abigail-tools)
	@python3 ffi/abi/abi.py $(if $(BLESS),bless)
