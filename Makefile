# A thin door: the tasks themselves live in pyproject.toml.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: up demo test check bench format
up demo: $(BIN)/.ready
	$(BIN)/support $@
test check bench format: $(BIN)/.ready
	$(BIN)/poe -q $@

$(BIN)/.ready: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q .venv/lib || true
	@touch $@
