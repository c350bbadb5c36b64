# Needs Python 3.11, Node 20.19 or later, and for `test` root on Debian (or a Chromium that is already there).
PORT ?= 8080
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHELL := /bin/bash

.PHONY: setup run test lint bench scale cluster cluster-down clean
.DEFAULT_GOAL := setup

## setup: everything that development and tests need
setup: $(VENV)/.dev runtime/node_modules/.stamp $(VENV)/.runtime
	@command -v chromium >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light; }

## run: serve on PORT with a demo preview; installs what that needs
run: $(VENV)/.runtime
	$(BIN)/kontext-preview up --port $(PORT) --demo

## test: lint, then every test, against real processes, a real browser, and a real cluster where the machine can have one
test: setup lint
	e2e/cluster/build.sh >/dev/null
	$(BIN)/python -m e2e.suites

lint: $(VENV)/.dev runtime/node_modules/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd runtime && node_modules/.bin/tsc --noEmit && node scripts/validators.js --check

## bench: the product beside bare Vite and a naive server, and on a real cluster; writes e2e/bench/RESULTS.md
bench: setup
	$(BIN)/python -m e2e.bench --results e2e/bench/RESULTS.md
	$(BIN)/python -m e2e.bench --kubernetes --results e2e/bench/RESULTS.md

## scale: what the control plane costs per session, alone with 1,000 that are played; what an Ingress costs its controller
scale: $(VENV)/.dev
	e2e/cluster/build.sh >/dev/null
	$(BIN)/python -m e2e.bench.scale
	$(BIN)/python -m e2e.bench.scale.ingresses

## cluster: a real Kubernetes on this machine with kontext-preview on PORT: kind where Docker is, else a bare Debian 12
cluster: $(VENV)/.dev $(VENV)/.runtime
	$(BIN)/python -m e2e.cluster up --port $(PORT)

## cluster-down: the end of it, without a trace
cluster-down: $(VENV)/.dev
	$(BIN)/python -m e2e.cluster down

clean:
	rm -rf $(VENV) runtime/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Debian's python3 comes without ensurepip: python3-venv brings it.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv && $(PYTHON) -m venv --clear $(VENV); }

$(VENV)/.app: requirements/app.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements/app.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.app
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	touch $@

# The session runtime: its packages, the dependency catalogue, pre-bundled once for all sessions.
$(VENV)/.runtime: $(VENV)/.app $(wildcard runtime/src/*.js runtime/schema/*.json runtime/package-lock.json runtime/catalogue/*.json)
	$(BIN)/kontext-preview install
	touch $@

runtime/node_modules/.stamp: runtime/package-lock.json
	cd runtime && npm ci --ignore-scripts --no-audit --no-fund
	touch $@
