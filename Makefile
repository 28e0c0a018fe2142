# badgeissuer. `make run` and `make test` need only Python 3.11+, pip and make; the first call makes .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PORT ?= 8000
DATA_DIR ?= $(or $(BADGEISSUER_DATA_DIR),data)
PYTHON ?=
ARGS ?=
# Two workers suit a small machine; WORKERS=8 on a big one.
WORKERS ?= 2
# How many awards bench-scale fills, and where.
N ?= 100000
DB ?= postgresql

BIN := .venv/bin
ENVIRONMENT = python=$$(PYTHON="$(PYTHON)" sh tools/find-python) && "$$python" tools/environment.py
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate --quiet $(ARGS)

.PHONY: help run test test-long lint format migrate migration openapi bench bench-scale bench-pages bench-hostile bench-retroactive screens lock conformance golden env dev

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile
	@echo "  variables: PORT=$(PORT) DATA_DIR=$(DATA_DIR) WORKERS=$(WORKERS) ARGS=... PYTHON=..."

run: env ## make everything ready, load the demo once, serve on http://localhost:8000 (PORT, DATA_DIR)
	@$(BIN)/badgeissuer demo --data-dir "$(DATA_DIR)" --port $(PORT) $(ARGS) || [ $$? -eq 130 ] # Ctrl-C is no failure

test: dev ## all tests, on SQLite and on a real PostgreSQL that they start (ARGS="-k name")
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long" $(ARGS)

test-long: dev ## the same with the full figures, and the tests marked long: many minutes
	@BADGEISSUER_TEST_KILLS=50 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --timeout 3000 $(ARGS)

lint: dev ## what CI checks beside the tests: style, types, imports, generated files, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/badgeissuer openapi --check
	$(BIN)/python -m tests.golden.rebuild --check
	$(BIN)/python -m tests.conformance --check
	$(BIN)/hadolint Dockerfile

format: dev ## put the code into the common form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: env ## bring the database in DATA_DIR up to date
	@$(BIN)/badgeissuer migrate --data-dir "$(DATA_DIR)"

migration: dev ## write the next migration from the models (NAME="add colour")
	@$(BIN)/python tools/new_migration.py "$(NAME)"

openapi: env ## write openapi.yaml anew from the code
	@$(BIN)/badgeissuer openapi

conformance: dev ## write docs/conformance.md anew from the standards' files (in ../shared), file by file
	@$(BIN)/python -m tests.conformance

golden: dev ## rebuild the golden documents (a changed one is a decision: explain it)
	@$(BIN)/python -m tests.golden.rebuild

bench: dev ## every ratio of docs/performance.md in one run, against limits and peers (ARGS=--quick)
	@$(BIN)/python -m bench $(ARGS)

bench-scale: dev ## times as the database grows to N=1000000 signed awards (DB=postgresql or sqlite)
	@$(BIN)/python -m bench scale --awards $(N) --database $(DB) $(ARGS)

bench-pages: env ## server time of a badge's page against that of its JSON
	@$(BIN)/python -m bench pages $(ARGS)

bench-hostile: env ## CPU time and memory of hostile input until it is refused, against the limits
	@$(BIN)/python -m bench hostile $(ARGS)

bench-retroactive: env ## a stack published when 100,000 earners hold its members already: time and memory
	@$(BIN)/python -m bench retroactive $(ARGS)

screens: dev ## take the pictures of docs/screens anew (ARGS="badge-valid verify" for some pages; needs chromium)
	@$(BIN)/python -m tests.browser.screens $(ARGS)

lock: dev ## write the requirements*.lock files anew (ARGS=--upgrade for newer versions)
	$(COMPILE) -o requirements.lock
	$(COMPILE) --extra dev -o requirements-dev.lock
	$(BIN)/uv pip compile tools/build.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --quiet $(ARGS) -o requirements-build.lock

env:
	@$(ENVIRONMENT) run

dev:
	@$(ENVIRONMENT) dev
