# Everything runs in the virtual environment .venv. The first target that needs it creates it with the
# first suitable Python on PATH; make PYTHON=... names another one.
SUITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3.11 python3 python3.12 python3.13; do \
  if command -v $$name >/dev/null && $$name -c '$(SUITS)' 2>/dev/null; then echo $$name; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
N ?= 20
# `make continuous` compares BASE with HEAD; FACTOR is the ratio from which a figure counts as worse.
# NAMES selects scenarios, ALL=1 selects all; the default is those with `bench = true` and those that
# the commits change.
BASE ?= main
HEAD ?= HEAD
FACTOR ?= 1.02
NAMES ?=
ALL ?=
ONLY = $(foreach name,$(NAMES),--name $(name)) $(if $(FRESH),--fresh)
COMMITS ?= 10
# Passed through the environment because a branch's name may contain characters that a shell interprets.
export BASE HEAD FACTOR MARKDOWN

.DEFAULT_GOAL := help
.PHONY: help setup lint test test-quick test-core soak exercises overhead observer accuracy check build clean \
  docs learn-page bench bench-quick bench-all continuous history preview setup-profilers tools profilers matrix detection-limit trace-leak claims peers floor performance

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null \
	  || grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	$(if $(and $(PYTHON),$(shell $(PYTHON) -c '$(SUITS)' 2>/dev/null && echo it does)),,$(error \
	  $(if $(PYTHON),$(PYTHON) is not,there is no) Python 3.11 or newer with venv and ensurepip: install one, or run make PYTHON=its-path))
	@echo "setting up $(VENV); this takes a minute"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY) ## Make .venv with leaklab and its tools

bench: $(READY) ## Measure this commit with asv: what each pair costs
	$(BIN)/leaklab bench $(ONLY)

bench-quick: $(READY) ## The same as a smoke run: inline only, nothing saved
	$(BIN)/leaklab bench --quick $(ONLY)

bench-all: $(READY) ## The same, with all scenarios
	$(BIN)/leaklab bench --all $(ONLY)

continuous: $(READY) ## Compare two commits (BASE=main HEAD=my-branch)
	@$(BIN)/leaklab continuous --factor "$$FACTOR" $(ONLY) $(if $(ALL),--all) $${MARKDOWN:+--markdown "$$MARKDOWN"} -- "$$BASE" "$$HEAD"

history: $(READY) ## Measure the last commits, list regressions (COMMITS=10)
	$(BIN)/leaklab history --commits $(COMMITS)

preview: $(READY) ## Show the site that bench and history made
	@test -f .asv/html/index.html || { echo "there is no site yet: make bench"; exit 1; }
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory .asv/html 0

lint: $(READY) ## Check style, types, layers and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

test: $(READY) ## Run all tests, also those with real processes
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests

test-quick: $(READY) ## Run the pure tests only (seconds)
	$(BIN)/python -m pytest -q tests -m 'not process' --ignore tests/process

test-core: $(READY) ## Run the tests of model and verdict only
	$(BIN)/python -m pytest -q tests/unit/model tests/unit/verdict

check: $(READY) ## Lint the catalogue and run every functional contract
	$(BIN)/leaklab check

exercises: $(READY) ## Check that references pass as fixes and leaks do not
	$(BIN)/leaklab selftest exercises $(NAMES)

soak: $(READY) ## Run everything beside two busy processes (N=20 times)
	$(BIN)/leaklab selftest soak --repeat $(N)

overhead: $(READY) ## Measure what the lab's own sampling costs
	$(BIN)/leaklab selftest overhead

observer: $(READY) ## Measure the observer; writes performance.md
	$(BIN)/leaklab selftest observer --write docs/measurements/performance.md

# The other tools have an environment of their own because pytest-memray, a plug-in, would load itself
# into our tests.
.venv-tools/.ready: pyproject.toml constraints.txt $(READY)
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[tools]'
	@touch $@

setup-profilers: .venv-tools/.ready ## Make .venv-tools with the profilers

tools: .venv-tools/.ready ## Compare with other tools; writes performance.md
	.venv-tools/bin/leaklab selftest tools --write docs/measurements/performance.md

profilers: .venv-tools/.ready ## Compare first answers; writes profilers.md
	$(BIN)/leaklab selftest profilers --write docs/measurements/profilers.md

accuracy: $(READY) ## Rate the verdict; writes accuracy.md
	$(BIN)/leaklab selftest accuracy --write docs/measurements/accuracy.md

matrix: $(READY) ## Judge all in every mode; writes matrix.md
	$(BIN)/leaklab selftest matrix --jobs 2 --write docs/measurements/matrix.md

detection-limit: $(READY) ## Seek the smallest leaks; writes performance.md
	$(BIN)/leaklab selftest detection-limit --jobs 2 --write docs/measurements/performance.md

trace-leak: $(READY) ## Measure trace_leak; writes performance.md
	$(BIN)/leaklab selftest trace-leak --write docs/measurements/performance.md

claims: $(READY) ## Measure what others claim; writes claims.md
	$(BIN)/leaklab selftest claims --write docs/claims.md

# Earlier names of three targets.
floor: detection-limit
peers: tools
performance: observer

docs: $(READY) ## Write docs/reference: commands and catalogue
	$(BIN)/python -m leaklab.cli.reference

learn-page: $(READY) ## Write docs/tutorial/learn.md: run its session, 2 min
	$(BIN)/python -m leaklab.cli.course_session

build: $(READY) ## Build sdist and wheel (the wheel from the sdist)
	$(BIN)/python -m build --outdir dist .

# .venv-peers is the earlier name of .venv-tools.
clean: ## Remove generated files, except saved results
	rm -rf $(VENV) .venv-tools .venv-peers .asv/env .asv/html .asv/leaklab dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
