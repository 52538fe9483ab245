# Everything one does here has a name; `make` alone lists them. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
FLASK := $(BIN)/flask --app wsgi
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --generate-hashes --universal \
	--python-version 3.11 --no-strip-extras --no-emit-index-url
# What Python compiled once is kept: without, each of the many processes of a test run compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
CATALOGS := portal/translations
# Domain errors whose first argument a person may read.
ERRORS := Forbidden NotFound NotSignedIn Conflict TooManyRequests Unavailable Sentence
TYPED := portal wsgi.py tests $(wildcard bench)
CHECKS := lint format types imports templates
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test coverage check $(CHECKS) fmt bench serve migrate lock soak translations

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# --- The environment -------------------------------------------------------------------------------------------------

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed. Name it like this: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing python3-venv ..."; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; \
		else \
			echo "This Python cannot make environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
		fi; }
	@echo "Making the environment in $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what the portal needs (about a minute, once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what the portal, its tests and its checks need (about a minute, once) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.dev ## Make the environment for development

# --- Running ---------------------------------------------------------------------------------------------------------

run: export PORTAL_ENV ?= development
run: $(VENV)/.run ## Run the portal on http://127.0.0.1:8000 with demo data (HOST and PORT change the address)
	@$(FLASK) db upgrade
	@$(FLASK) demo
	@exec $(FLASK) serve

serve: $(VENV)/.run ## Run the production server and worker; settings come from the environment
	@exec $(FLASK) serve

migrate: $(VENV)/.run ## Bring the database to the newest schema
	@$(FLASK) db upgrade

# --- Proving ---------------------------------------------------------------------------------------------------------

test: $(VENV)/.dev ## Run all tests; as root on Debian, install the services that they need
	@$(BIN)/python -m tests.services install
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal $(PYTEST_ARGS)

coverage: $(VENV)/.dev ## Run all tests and say which lines none of them reaches; takes twice as long
	@$(BIN)/python -m tests.services install
	@$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report=term $(PYTEST_ARGS)

soak: $(VENV)/.dev ## Run the long fuzzing, storms and large loads
	@$(BIN)/python -m tests.services install
	@$(BIN)/python -m pytest -m soak $(PYTEST_ARGS)

bench: $(VENV)/.dev ## Measure the hot doors against their floor, at two sizes, and the map in a browser
	@$(BIN)/python -m tests.services install
	@command -v wrk >/dev/null || { [ "$$(id -u)" != 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq wrk >/dev/null; }
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.scale
	@$(BIN)/python -m bench.map

check: $(VENV)/.dev ## Run every check below, to the end
	@failed=""; \
	for check in $(CHECKS); do \
		echo "== $$check"; $(MAKE) --no-print-directory --silent $$check || failed="$$failed $$check"; \
	done; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed" >&2; exit 1; fi; echo "All checks passed."

lint: $(VENV)/.dev ## Check: ruff finds no mistakes
	@$(BIN)/ruff check .

format: $(VENV)/.dev ## Check: the Python is formatted
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check: the types hold (mypy)
	@$(BIN)/mypy $(TYPED)

imports: $(VENV)/.dev ## Check: imports flow one way
	@$(BIN)/lint-imports --no-logo

templates: $(VENV)/.dev ## Check: the templates are sound and formatted (djlint)
	@$(BIN)/djlint --lint --check templates

# --- Changing --------------------------------------------------------------------------------------------------------

fmt: $(VENV)/.dev ## Format Python and templates, mend what ruff can
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djlint --quiet --warn --reformat templates

lock: $(VENV)/.dev ## Write requirements*.in down as hashed requirements*.txt
	@$(LOCK) requirements.in --output-file requirements.txt
	@$(LOCK) requirements-dev.in --output-file requirements-dev.txt

translations: $(VENV)/.dev ## Take new texts from the sources into the catalogs and compile them
	@$(BIN)/pybabel --quiet extract --mapping babel.cfg --keyword lazy_gettext --keyword lazy_ngettext:1,2 \
		$(ERRORS:%=--keyword %) \
		--no-location --sort-output --project portal --version 1 --output-file $(VENV)/messages.pot .
	@test -d $(CATALOGS)/de || $(BIN)/pybabel --quiet init --locale de --no-wrap \
		--input-file $(VENV)/messages.pot --output-dir $(CATALOGS)
	@$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap \
		--input-file $(VENV)/messages.pot --output-dir $(CATALOGS)
	@$(BIN)/pybabel --quiet compile --statistics --directory $(CATALOGS)
