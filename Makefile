# The commands of this project. `make` alone lists them.

# The first Python that is new enough. `make run PYTHON=…` uses another.
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$candidate && break; \
	done)

VENV := .venv
BIN := $(VENV)/bin
# Each stamp depends on its list of packages: if the list changes, the packages are installed again.
RUNTIME := $(VENV)/.installed
TOOLS := $(VENV)/.installed-dev

# Tests use this environment and read no `.env`. They start many processes, which would all compile
# the same modules if none may keep the bytecode.
ON_SQLITE := PYTHONDONTWRITEBYTECODE= ENV_FILE= DATABASE_URL=sqlite:///./orderchainer.db REDIS_URL=
ON_SERVICES := PYTHONDONTWRITEBYTECODE= ENV_FILE= \
	DATABASE_URL="$${DATABASE_URL:-postgres://postgres@127.0.0.1:5432/orderchainer}" \
	REDIS_URL="$${REDIS_URL:-redis://127.0.0.1:6379/15}"
# The slowest machine has two cores.
PYTEST := $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

# Our own scripts, not the vendored ones, and all templates.
SCRIPTS := static/orderchainer/js
TEMPLATES := $(shell find templates -name '*.html')

.DEFAULT_GOAL := help
.PHONY: help run demo demo-password sandbox test test-slow test-processes test-services test-browser test-story pictures clients lint format types layers migrations check lock vendor bench

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

# --- For everyone ----------------------------------------------------------------------------

run: $(RUNTIME)  ## Start the service on PORT (8000): Ctrl-C stops it
	@$(BIN)/python manage.py serve --prepare

demo: $(RUNTIME)  ## Load the demo account, its chain of orders and its shop into the configured database
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo

demo-password: $(RUNTIME)  ## Give the demo account a new password, and show it
	@$(BIN)/python manage.py demo --new-password

sandbox: $(RUNTIME)  ## Start a pretend Discord, Shopify, WhatsApp, Telegram and Gemini on SANDBOX_PORT (8400), to try the service without the real ones
	@$(BIN)/python manage.py sandbox

# --- For contributors ------------------------------------------------------------------------

test: $(TOOLS)  ## Test on SQLite, with nothing else installed
	$(ON_SQLITE) $(PYTEST) -m "not browser and not processes and not slow"

test-slow: $(TOOLS)  ## Test on SQLite what takes seconds: thousands of rows, large storms
	$(ON_SQLITE) $(PYTEST) -m slow

test-processes: $(TOOLS)  ## Test the embedded mode's real processes on SQLite: starts, stops, kills
	$(ON_SQLITE) $(PYTEST) -m processes

test-services: $(TOOLS)  ## Test everything but the browser, on PostgreSQL and Redis (DATABASE_URL, REDIS_URL; this machine's by default)
	$(ON_SERVICES) $(PYTEST) -m "not browser"

test-browser: $(TOOLS)  ## Test the pages in Chromium (CHROMIUM, or the one of this machine), on SQLite
	$(ON_SQLITE) $(PYTEST) -rs -m browser $(wildcard */tests/browser)

test-story: $(TOOLS)  ## Test one story in Chromium through the processes of production, on PostgreSQL and Redis
	$(ON_SERVICES) $(BIN)/python -m pytest $(PYTEST_ARGS) -rs -m "browser and services" $(wildcard */tests/browser)

pictures: $(TOOLS)  ## Take pictures of the pages, light and dark, wide and narrow, into run/pictures/
	$(ON_SQLITE) PICTURES=run/pictures $(BIN)/python -m pytest -q orderchainer/tests/browser/test_pictures.py

clients: $(TOOLS)  ## Generate a Python and a TypeScript client, and try both against a running service
	.ci/clients/run $(BIN)/python

lint: $(TOOLS)  ## Lint, and check that the code is formatted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --quiet --deny-warnings $(SCRIPTS)
	$(BIN)/oxfmt --check $(SCRIPTS)
	$(BIN)/djade --check $(TEMPLATES)

format: $(TOOLS)  ## Format the code and fix what can be fixed automatically
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/oxfmt $(SCRIPTS)
	-$(BIN)/djade $(TEMPLATES)

types: $(TOOLS)  ## Check the types
	$(ON_SQLITE) $(BIN)/mypy .

layers: $(TOOLS)  ## Check that imports point down
	$(ON_SQLITE) $(BIN)/lint-imports

migrations: $(TOOLS)  ## Check the settings, and that no migration is missing
	$(ON_SQLITE) $(BIN)/python manage.py check
	$(ON_SQLITE) $(BIN)/python manage.py makemigrations --check --dry-run

check: lint types layers migrations  ## Run all checks except the tests

lock: $(TOOLS)  ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m uv pip compile --quiet --upgrade --no-header pyproject.toml -o requirements.txt
	$(BIN)/python -m uv pip compile --quiet --upgrade --no-header pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt

vendor: $(TOOLS)  ## Fetch the scripts and icons of others anew, in their pinned versions; needs npm
	$(BIN)/python .ci/vendor.py

bench: $(RUNTIME)  ## Measure next to bare floors (BENCH_ARGS go to `python -m benchmarks`)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# --- The environment -------------------------------------------------------------------------

$(BIN)/python:
	@$(or $(PYTHON),python3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "OrderChainer needs Python 3.11 or newer. Here, $(or $(PYTHON),python3) is: $$($(or $(PYTHON),python3) --version 2>&1)"; \
		echo "Install one, or name it: make run PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	$(call install,requirements.txt)
	@touch $@

$(TOOLS): requirements-dev.txt $(RUNTIME)
	$(call install,requirements-dev.txt)
	@touch $@

# uv installs in seconds what takes pip a minute. pip is the fallback where uv is not available or does
# not know the package index that pip is configured for.
UV_PIN := $(shell sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements-dev.txt)
define install
	@echo "Installing the packages of $(1) into $(VENV) …"
	@$(BIN)/python -m uv --version >/dev/null 2>&1 \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 1 "$(UV_PIN)" >/dev/null 2>&1 || true
	@{ $(BIN)/python -m uv --version >/dev/null 2>&1 && $(BIN)/python -m uv pip install --system-certs --python $(BIN)/python -r $(1); } \
		|| { echo "… with pip, which takes a minute or two:"; $(BIN)/python -m pip install --disable-pip-version-check --retries 1 -r $(1); } \
		|| { echo "The packages could not be installed; the lines above say why."; \
		echo "This step needs the network, once: the packages come from https://pypi.org."; \
		echo "Behind a proxy, set HTTPS_PROXY. With an index of your own, set PIP_INDEX_URL. Then try again."; exit 1; }
endef
