# The commands are in tasks.py, which also works where there is no make: python3 tasks.py <command>
PYTHON ?= $(shell command -v python3 2>/dev/null || command -v python 2>/dev/null || echo python3)
COMMANDS := help setup report test test-spark lab bench mlflow notebooks docs demo lock clean

.DEFAULT_GOAL := help
.PHONY: $(COMMANDS)

$(COMMANDS):
	@$(PYTHON) tasks.py $@ $(ARGS)
