# Every target creates what it needs. Python 3.11 or newer is all that a machine must have.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo dev test bench test-real cluster-up cluster-down check docs wheel clean

# pip checks the hash of each of the locked packages.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# A real app through its life on this machine; ARGS=--keep leaves it running, ARGS='--context NAME' runs it on your cluster.
demo: $(READY)
	$(BIN)/kdasync demo $(ARGS)

# A Kubernetes of your own with the operator, until Ctrl-C.
dev: $(READY)
	$(BIN)/kdasync dev $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n 2 -m "not slow and not real" $(ARGS)

# What it costs, as ratios in one run; prints only. ARGS='--output FILE.md' keeps the tables. About two minutes.
bench: $(READY)
	for name in scale create idle micro; do $(BIN)/python tests/bench/$$name.py $(ARGS) || exit 1; done

# Against a whole real Kubernetes: needs root, Go 1.26 and the Debian packages that it names; builds once, about seven minutes.
test-real: $(READY)
	$(BIN)/python -m pytest -m real tests/conformance tests/e2e $(ARGS)

# The same Kubernetes for you; prints how to use it.
cluster-up: $(READY)
	PYTHONPATH=tests $(BIN)/python -m realcluster up $(ARGS)

cluster-down: $(READY)
	PYTHONPATH=tests $(BIN)/python -m realcluster down

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The pages and pictures that are made from the tables.
docs: $(READY)
	$(BIN)/kdasync docs docs

wheel: $(READY)
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
