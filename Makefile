# One command a line; `make help` lists them. Paths are relative: the project may stand in a folder
# with spaces or Vietnamese letters, which make cannot hold in a variable.
.DEFAULT_GOAL := help
.PHONY: help setup lock fmt check lint unit test test-all demo up down reset status migrate contracts bench chaos mutants trace redrive verify force-majeure resume-system

PY := .venv/bin/python
# The first Python that is new enough.
BASE_PYTHON = $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import tomllib' 2>/dev/null && echo $$p && break; done)
SETUP = $(if $(BASE_PYTHON),,$(error The hub needs Python 3.11 or newer; none is on the PATH)) \
	@$(BASE_PYTHON) -P deploy/local/setup.py
HUB = $(PY) -m deploy.local
WORKERS ?= 3
# Programs are started all the time here: what Python compiled is kept, even where a machine says no.
unexport PYTHONDONTWRITEBYTECODE

help: ## list every target
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort | awk -F '\t' '{printf "%-10s %s\n", $$1, $$2}'

setup: ## install everything the hub needs into .venv and .cache (no root; again: < 1 s)
	$(SETUP)

lock: ## resolve the Python packages anew into requirements.lock
	.cache/uv/bin/uv lock
	.cache/uv/bin/uv export --quiet --all-packages --all-groups --no-emit-workspace --no-header \
		--format requirements-txt -o requirements.lock

fmt: ## format the code and mend what ruff can mend
	$(PY) -m ruff check --fix --quiet .
	$(PY) -m ruff format --quiet .

check: setup ## lint, types, import rules, unit, architecture and contract tests (< 90 s)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint unit

lint: ## lint, types and import rules of `check`, beside its tests
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy --no-error-summary contracts chassis services deploy tests
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()'

unit: ## unit, architecture and contract tests of `check`
	$(PY) -m pytest -q -n $(WORKERS) tests/unit tests/architecture tests/contract

test: ## set everything up and pass every test
	$(SETUP) hub browser
	$(PY) -m pytest -q -n $(WORKERS)

test-all: check test ## everything: check, then test

demo: setup ## the main job on real data, from nothing to a running hub
	$(HUB) up --scenario empty
	$(PY) -m deploy.demo

up: setup ## start the hub in the background [SCENARIO=empty|demo|volume|load]
	$(HUB) up

down: ## stop the hub, keep its data
	$(HUB) down

reset: ## remove the hub's data, after asking
	$(HUB) reset

status: ## parts, ports, memory, restarts, lag, outbox depth
	$(HUB) status

migrate: setup ## bring the databases of the running hub to the newest revision
	$(PY) -m deploy.local.prepare

contracts: ## write schemas/ and asyncapi.yaml anew from the registry
	$(PY) -m contracts.render

bench: setup ## the workloads of quality.md [W=W1,W2,W5,W7,W8]
	$(PY) -m tests.bench $(W)

chaos: setup ## storm after storm over one hub: make chaos N=1000 [SEED=7]
	$(PY) -m tests.chaos $(N) $(SEED)

mutants: setup ## write careless faults into a copy and see the tests catch each
	$(PY) -m tests.mutants

verify: ## check an export of the exchange ledger, offline: make verify EXPORT=file [ROOTS=file] [KEYS=file]
	@$(PY) -m connector_gateway.verify_ledger "$(EXPORT)" $(if $(ROOTS),--roots "$(ROOTS)") $(if $(KEYS),--keys "$(KEYS)")

force-majeure: ## close the whole system, even while services are down: REASON="…" [UNTIL=2026-11-27T08:00]
	@$(HUB) force-majeure $(if $(REASON),--reason "$(REASON)") $(if $(UNTIL),--until "$(UNTIL)")

resume-system: ## end a force majeure: REMEDY="…" [HELD=all|latest]
	@$(HUB) resume-system $(if $(REMEDY),--remedy "$(REMEDY)") $(if $(HELD),--held $(HELD))

trace: ## show a trace as a tree: make trace ID=<trace id>
	@$(HUB) trace $(ID)

redrive: ## send a service's dead letters through once more: make redrive SERVICE=submissions
	$(HUB) redrive $(SERVICE)
