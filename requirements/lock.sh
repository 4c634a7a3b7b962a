#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Resolves every dependency for Python 3.11 and newer and pins it with hashes. Run by "make lock".
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${VENV:-.venv}/bin/uv"
compile() { "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" "$@"; }
compile --python-version 3.11 pyproject.toml --output-file requirements/run.txt
compile --python-version 3.11 requirements/build.in --output-file requirements/build.txt
compile --python-version 3.11 pyproject.toml requirements/build.in --constraint requirements/build.txt --extra demo --output-file requirements/demo.txt
compile --python-version 3.11 pyproject.toml requirements/build.in --extra demo --group dev --output-file requirements/dev.txt
# atheris has wheels for Linux on x86-64 only: a file of its own, so that make test runs on other machines.
compile --python-version 3.11 pyproject.toml requirements/build.in --extra demo --group dev --group fuzz --constraint requirements/dev.txt --output-file requirements/fuzz.txt
# Says it needs 3.12 and runs on 3.11 as well (installed with --ignore-requires-python).
compile --python-version 3.12 requirements/foreign.in --output-file requirements/foreign.txt
