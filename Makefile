# SPDX-License-Identifier: EUPL-1.2
# Two commands do all the set-up: make demo, make test. Everything else is for those who change the code.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation

.PHONY: help demo test check lint types imports units format bench interop fuzz fuzz-seeds mutation lock clean

help:  ## say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.run: requirements/build.txt requirements/demo.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements/build.txt
	$(INSTALL) --require-hashes -r requirements/demo.txt
	$(INSTALL) --no-deps -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(INSTALL) --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.fuzz: $(VENV)/.dev requirements/fuzz.txt
	$(INSTALL) --require-hashes -r requirements/fuzz.txt
	touch $@

demo: $(VENV)/.run  ## play the three cooperations against a real gateway on this machine
	@$(BIN)/amtsbote demo --directory demo --replace

test: $(VENV)/.dev  ## run all tests
	$(BIN)/pytest

check: lint types imports units test  ## everything CI checks on the source

lint: $(VENV)/.dev  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## mypy --strict
	$(BIN)/mypy

imports: $(VENV)/.dev  ## the floors of the house
	$(BIN)/lint-imports

units:  ## exposure of the systemd units (needs systemd-analyze)
	systemd/exposure.sh

format: $(VENV)/.dev  ## format the source
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## measure, each figure beside its floor in the same run (BENCH=--quick for a glance)
	PYTHONPATH=tests $(BIN)/python -m bench $(BENCH)

interop: $(VENV)/.dev  ## compare with EU DSS and digidoc4j (needs Java and Maven)
	$(BIN)/pytest tests/interop

SECONDS ?= 60
fuzz: $(VENV)/.fuzz  ## throw hostile bytes at every border (SECONDS=60 for each target, TARGETS="zip_container ...")
	PYTHONPATH=.:tests $(BIN)/python -m fuzz --seconds $(SECONDS) $(TARGETS)

fuzz-seeds: $(VENV)/.dev  ## make the kept inputs of the fuzzers anew
	PYTHONPATH=.:tests $(BIN)/python -m fuzz.seeds

mutation: $(VENV)/.fuzz  ## would the tests notice? (MODULE=gateway/stages/container, SAMPLE=300 for a sample)
	PYTHONPATH=.:tests $(BIN)/python tests/mutation.py $(MODULE) $(if $(SAMPLE),--sample $(SAMPLE)) $(MUTATION)

lock: $(VENV)/.dev  ## resolve all dependencies anew, with hashes
	requirements/lock.sh

clean:  ## remove what was made here
	rm -rf $(VENV) demo dist build bench-results .fuzz .mutation .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
