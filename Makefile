# Two commands to know: `make demo` and `make test`. Neither needs anything but Python >= 3.11.
# Every path below is relative, so the folder's own path may contain spaces.

SHELL := /bin/sh
BIN := .venv/bin
USABLE = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$python -c '$(USABLE)' >/dev/null 2>&1; then echo $$python; break; fi; done)
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: demo test test-all playthroughs lowest fuzz mutation coverage lint check clean

demo: .venv/installed-demo ## train on two environments, hold the policies against the optimum
	@$(BIN)/marl-bridge demo

test: .venv/installed-dev ## every test: unit, property, doctest, README
	$(BIN)/python -m pytest -n auto

test-all: .venv/installed-dev ## the long tests too, with a thousand examples of every property
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n auto -m 'slow or not slow'

playthroughs: .venv/installed-dev ## write down anew what sessions print and the packages offer
	$(BIN)/python -m pytest -q tests/playthroughs tests/test_api.py --update-playthroughs
	-git --no-pager diff --stat -- tests/playthroughs tests/api.txt

lowest: .venv/lowest/installed ## the tests with the oldest versions that pyproject.toml allows
	.venv/lowest/bin/python -m pytest -n auto -p no:cacheprovider

FUZZ_SECONDS ?= 180
fuzz: .venv/installed-quality ## look for input that breaks a reader, FUZZ_SECONDS for each
	$(BIN)/python -m tests.fuzzing.run --seconds $(FUZZ_SECONDS)

MUTANTS ?= 150
mutation: .venv/installed-quality ## plant MUTANTS bugs in each of three packages and count who notices
	rm -rf mutants
	HYPOTHESIS_PROFILE=mutation $(BIN)/python -m tests.mutation.run --each $(MUTANTS)

coverage: .venv/installed-quality ## which lines and branches the tests reach, without the kernels
	$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered --cov-report=html

lint: .venv/installed-dev ## style, types and the one-way imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## everything that has to hold before a commit

clean: ## remove what the other targets made
	rm -rf .venv build dist report.html .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis .coverage htmlcov mutants

.venv/python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c '$(USABLE)' >/dev/null 2>&1; then \
		echo "No Python >= 3.11 with venv and ensurepip was found" \
			"(Debian and Ubuntu: apt install python3 python3-venv)." >&2; \
		echo "Name one yourself with: make PYTHON=/path/to/python demo" >&2; exit 2; fi
	@echo "Making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear .venv && touch $@

# A second call installs nothing, unless pyproject.toml has changed since.
.venv/installed-demo: pyproject.toml | .venv/python
	@echo "Installing the toolkit and PettingZoo into .venv (a minute the first time)"
	@$(PIP) --editable '.[pettingzoo]' && touch $@

.venv/installed-dev: pyproject.toml | .venv/python
	@echo "Installing the toolkit and its test tools into .venv (a minute the first time)"
	@$(PIP) --editable '.[dev]' && touch $@ .venv/installed-demo

.venv/installed-quality: .venv/installed-dev
	@echo "Installing the tools of fuzzing, mutation testing and coverage into .venv"
	@$(PIP) --editable '.[dev,quality]' && touch $@

.venv/lowest/installed: pyproject.toml | .venv/python
	@echo "Installing the oldest versions that pyproject.toml allows into .venv/lowest"
	@$(BIN)/python -m venv --clear .venv/lowest
	@.venv/lowest/bin/python -m pip install -qq --disable-pip-version-check uv
	@.venv/lowest/bin/python -m uv pip install -q --python .venv/lowest/bin/python \
		--resolution lowest-direct --editable '.[dev]' && touch $@
