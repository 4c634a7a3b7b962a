#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# Resolves every dependency for Python 3.11 and newer and pins it with hashes. Run by "make lock".
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${VENV:-.venv}/bin/uv"
compile() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" "$@"; }
compile pyproject.toml --output-file requirements/run.txt
compile pyproject.toml requirements/build.in --extra demo --output-file requirements/demo.txt
compile pyproject.toml requirements/build.in --extra demo --group dev --output-file requirements/dev.txt
[ ! -f requirements/foreign.in ] || compile requirements/foreign.in --output-file requirements/foreign.txt
