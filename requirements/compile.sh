#!/usr/bin/env bash
# Pins every dependency with its hashes. Run after a change in pyproject.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header "$@"; }
compile pyproject.toml requirements/build.in --output-file requirements/app.txt
compile pyproject.toml requirements/build.in --group dev --output-file requirements/dev.txt
