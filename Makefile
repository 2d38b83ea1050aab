# Everything a person types. Needs make and Python >= 3.11; NATS and PostgreSQL come as Python packages.

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help up test test-erp test-faults bench lint fmt docs lock clean

# What starts keeps what it compiled: a test run starts more than a hundred processes.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
TESTS ?= tests
JOBS ?= 3

# The first of these that runs and is new enough; PYTHON=… overrides.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

up: $(VENV)/installed  ## start everything under ./data; Ctrl-C stops it (ARGS="--port 9000")
	@exec $(BIN)/goaltrail up $(ARGS)

test: $(VENV)/installed-dev  ## run the tests against real servers, without whole tables and crashes (TESTS=tests/runtime JOBS=0 ARGS=-x)
	$(BIN)/python -m pytest -n $(JOBS) --max-worker-restart 2 -m "not faults and not erp" $(ARGS) $(TESTS)

test-erp: $(VENV)/installed-dev  ## run whole tables of real systems through `up`: 336,776 departures of a year
	$(BIN)/python -m pytest -m erp $(ARGS) $(TESTS)

test-faults: $(VENV)/installed-dev  ## kill servers, workers and connections, lose ledgers and views
	$(BIN)/python -m pytest -m faults $(ARGS) $(TESTS)

bench: $(VENV)/installed-dev  ## measure, together with a peer; prints a table and writes JSON
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(VENV)/installed-dev  ## format check, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/installed-dev  ## format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/installed-dev  ## write the parts of docs/ that follow from the code
	$(BIN)/python -m docs.generate

# Resolved on the oldest supported Python: its pins also install on the newer ones and on every supported
# system, because a package that only some of them need stays in the file with its environment marker.
lock: $(VENV)/installed-dev  ## resolve the dependencies again (ARGS=--upgrade)
	@$(BIN)/python -c 'import sys; sys.exit("make lock needs Python 3.11: rm -r .venv; make lock PYTHON=python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK_OPTIONS) $(ARGS) -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK_OPTIONS) $(ARGS) --extra dev --extra bench \
		-c requirements.lock -o requirements-dev.lock pyproject.toml

LOCK_OPTIONS := --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate --build-deps-for editable \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options

clean:  ## remove .venv and caches; ./data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Goaltrail needs Python 3.11 or newer with the venv module; none was found." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing into $(VENV) (once, about a minute) ..."
	@$(PIP) install -qq --require-hashes -r requirements.lock
	@$(PIP) install -qq --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	@echo "Installing what tests and benchmarks need (once, about a minute) ..."
	@$(PIP) install -qq --require-hashes -r requirements-dev.lock
	@touch $@
