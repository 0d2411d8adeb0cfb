# Everything a newcomer needs. Each target sets up in .venv what it needs itself, from uv.lock.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What runs; with it, the dashboard; what tests; what lints (pyproject.toml).
RUN := $(VENV)/.installed-run
PAGES := $(VENV)/.installed-pages
STAMP := $(VENV)/.installed
LINT := $(VENV)/.installed-lint
UV_PINNED := uv==0.13.8
# One more than cores: many tests wait for servers and processes rather than compute.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
# A file's tests share its fixtures and stay together; the dearest files come first (tests/layers.py).
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder
export LAYERS_HOME ?= .layers
# Hundreds of processes are started; without bytecode each compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-quick dev lint format bench clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(PAGES): private GROUP := --extra dashboard
$(STAMP): private GROUP := --group test
$(LINT): private GROUP := --group lint --extra dashboard --extra celery

# With uv where it is installed; else uv comes through pip, into an environment of its own.
$(RUN) $(PAGES) $(STAMP) $(LINT): pyproject.toml sandbox/pyproject.toml uv.lock
	@uv=$$(command -v uv); \
	if [ -z "$$uv" ]; then \
		uv=.uv/bin/uv; \
		test -x $$uv || { $(PYTHON) -m venv .uv && .uv/bin/python -m pip install --quiet $(UV_PINNED); }; \
	fi; \
	UV_PYTHON_DOWNLOADS=never "$$uv" sync --frozen --quiet --inexact --no-default-groups --extra sandbox \
		$(GROUP) --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

demo: $(RUN) ## Set up, sync and score some simulated days, show the result
	@$(BIN)/layers-pipeline demo

test: $(STAMP) ## Set up and run every test
	@$(PYTEST) --durations 30

test-quick: $(STAMP) ## Run the tests that need no store, process or run: less than two minutes
	@$(PYTEST) -m quick --hypothesis-profile quick

dev: $(PAGES) ## Open the dashboard, the Dagster UI and the sandbox on this machine
	@$(BIN)/layers-pipeline dev

lint: $(LINT) ## Format, lint, types, import arrows, SQL
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint transforms/sql

format: $(LINT) ## Put the code in form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(RUN) ## Measure: load time, syncs, scoring, a backfill, marts, pages, an hour of traffic
	@$(BIN)/python -m benchmarks.spine
	@$(BIN)/python -m benchmarks.syncing
	@$(BIN)/python -m benchmarks.scoring all
	@$(BIN)/python -m benchmarks.marts --posts 200000 --snapshots 5000000
	@$(BIN)/python -m benchmarks.views --posts 1000000 --snapshots 30000000
	@$(BIN)/python -m benchmarks.traffic

clean: ## Forget the demo's data; the environment stays
	rm -rf $(LAYERS_HOME)
