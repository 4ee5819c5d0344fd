# `make` alone lists what can be asked. Only make and Python 3.11 (with venv and pip) are needed.

VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
# Six at a time, for they often wait; `make test WORKERS=0` for one after the other.
WORKERS ?= 6
LOCK_ARGS ?=
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(LOCK_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup run test quick check style types templates campaign coverage bench lock

help: ## Say what can be asked
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/dev.stamp ## Install all that work on the code needs, in .venv

run: $(VENV)/run.stamp ## Serve the calendar at http://127.0.0.1:8000 (PORT=… for another port)
	@exec $(BIN)/calendar-app serve

test: check ## Check the code, then run the tests (PYTEST_ARGS="-k feeds" for some of them)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

quick: $(VENV)/dev.stamp ## Run what one runs while working: a minute, on SQLite, without a browser
	@CALENDAR_TEST_QUICK=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder \
		-q -r fE $(PYTEST_ARGS)

check: $(VENV)/dev.stamp ## Check style, types and templates
	@$(MAKE) --no-print-directory --jobs=2 types templates style

style:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types:
	@$(BIN)/mypy calendar_app wsgi.py

templates:
	@$(BIN)/djlint --lint --quiet templates

campaign: $(VENV)/dev.stamp ## Run the same tests with ten times the cases, then on a fresh machine
	@CALENDAR_TEST_CAMPAIGN=1 $(BIN)/python -m pytest --log-cli-level=WARNING $(PYTEST_ARGS)
	@tests/fresh_machine.sh

coverage: $(VENV)/dev.stamp ## Say which lines the tests of make quick do not run (build/coverage/html)
	@$(BIN)/coverage erase
	@CALENDAR_TEST_QUICK=1 PYTHONDONTWRITEBYTECODE= $(BIN)/coverage run -m pytest -n 2 --dist loadscope \
		--no-loadscope-reorder -q $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage html --quiet --fail-under=0
	@$(BIN)/coverage report

bench: $(VENV)/dev.stamp ## Measure: run each bench/*.py and print its table
	@set -e; for script in $(sort $(filter-out bench/soak.py,$(wildcard bench/*.py))); do $(BIN)/python $$script; done

lock: ## Pin the versions again from pyproject.toml, with uv (LOCK_ARGS=--upgrade for newer ones)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(LOCK) --extra postgres pyproject.toml -o requirements.txt
	$(LOCK) --extra postgres --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

# A stamp is made when its step has wholly succeeded: one that was cut short is done again, and one
# that was done costs nothing. The two sets share one environment, since their pins agree.

# pip prints two hundred lines or, quiet, none for a minute: a dot a package says that it goes on.
# (A pipe's exit status is its last command's, hence the word that says pip failed.)
define install
	@printf 'Installing $(1)'
	@{ $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
		--require-hashes -r $(1) || echo failed; } | while read -r line; do \
		case "$$line" in failed) exit 1;; Collecting*|Requirement*) printf '.';; esac; done
	@echo ' done'
	@echo 'Installing the project'
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps -e .
	@touch $@
endef

$(VENV)/run.stamp: requirements.txt pyproject.toml $(VENV)/made.stamp
	$(call install,requirements.txt)

$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml $(VENV)/made.stamp
	$(call install,requirements-dev.txt)

$(VENV)/made.stamp:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			$$python -m venv --clear $(VENV) && touch $@; exit; \
		fi; done; \
	echo 'Python 3.11 or later was not found; say where it is: make PYTHON=/path/to/python3 …' >&2; \
	exit 1
