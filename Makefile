# A thin door: the tasks themselves live in pyproject.toml.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin

.PHONY: up demo test check bench format
up demo: $(BIN)/.ready
	@$(BIN)/support $@
test check bench format: $(BIN)/.ready
	@$(BIN)/poe -q $@

$(BIN)/.ready: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Нужен Python 3.11 или новее; если он есть: make PYTHON=путь" >&2; exit 1; }
	@echo "Готовлю окружение в .venv (один раз, около минуты)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@
