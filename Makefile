# What a person does with a clone; `make` alone lists it. Each target does the set-up it needs, once.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install setup demo up screens test test-browser test-deployment test-faults test-worlds check lint style types layers templates format docs mails manual messages schemas house journey-facts bench-budget bench-desk bench-idle bench-lists bench-onboarding bench-webhooks bench-writes pins clean

BIN := .venv/bin
# more arguments for the program behind a target: make test ARGS='tests/kit -k egress'
ARGS :=

# Bytecode is kept, whatever the environment says: the tests start many processes, which would compile everything again.
export PYTHONDONTWRITEBYTECODE :=

# A virtual environment that was deleted, moved or copied here from elsewhere has to be made again.
$(shell grep -qsF '$(CURDIR)/.venv/bin/' $(BIN)/pip || rm -f .make/app .make/docs .make/dev)

help: ## lists the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

install: .make/app ## makes .venv with what a server needs: Keyturn and its pinned packages

setup: .make/dev ## makes .venv with the development packages too

demo: .make/app ## starts Keyturn with a seeded agency, a TikTok simulator and a webhook inbox
	@echo '· keyturn demo, up in about 5 s'
	@$(BIN)/keyturn demo $(ARGS)

up: .make/app ## starts Keyturn on an embedded PostgreSQL: database, web and worker
	@$(BIN)/keyturn up $(ARGS)

test: .make/dev ## runs all tests, on an embedded PostgreSQL
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

test-faults: .make/dev ## kills each process of `keyturn up` and delivering workers five times, sharing workers twenty times: about 7 min
	@KEYTURN_TEST_KILLS=5 $(BIN)/pytest -q -n 0 tests/test_up.py tests/faults -k killed $(ARGS)

test-worlds: .make/dev ## every refusal of TikTok's in memory and over HTTP, a hundred worlds with one each, every button under blockers
	@KEYTURN_TEST_WORLDS=100 $(BIN)/pytest -n auto --dist worksteal tests/access/worlds tests/client_portal/pages/test_actions.py $(ARGS)

test-deployment: .make/dev ## nginx with TLS before Keyturn, PgBouncer behind it, half-sent requests, restores: about 1 min
	@for each in nginx pgbouncer openssl; do \
	  PATH="$$PATH:/usr/sbin" command -v $$each >/dev/null || { echo "$$each is missing; as root: apt-get install $$each" >&2; exit 1; }; \
	done
	@$(BIN)/pytest tests/deployment $(ARGS)

test-browser: .make/dev ## every page of the dashboard in Chromium: accessible, from phone to desk, light and dark: about 2 min
	@command -v chromium >/dev/null || { echo "chromium is missing; as root: apt-get install chromium" >&2; exit 1; }
	@$(BIN)/pytest -n 2 --dist worksteal tests/browser $(ARGS)

screens: .make/dev ## the same, with a PNG of each page and size in .make/screens, and the pictures of the manual
	@mkdir -p .make/screens
	@KEYTURN_SCREENS=.make/screens $(BIN)/pytest -n 2 --dist worksteal tests/browser -k "fits or signing_in" $(ARGS)
	@echo '· the pictures of the manual: docs/images'
	@$(BIN)/python -m docs.pictures

check: lint test ## lint and test: what has to be green before a commit

lint: style types layers templates ## style, types, import layers and templates

style: .make/dev ## ruff: rules and format
	@echo '· ruff: rules and format'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .make/dev ## mypy, strict
	@echo '· mypy: types, about 40 s the first time'
	@$(BIN)/mypy

layers: .make/dev ## import-linter: who may import whom
	@echo '· import-linter: who imports whom'
	@$(BIN)/lint-imports

templates: .make/dev ## djlint: the HTML templates
	@echo '· djlint: templates'
	@$(BIN)/djlint --lint --quiet app

format: .make/dev ## puts the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .make/dev ## writes the pages and kits of docs/ that are read from the code
	@$(BIN)/python -m docs.generate

mails: .make/dev ## writes every kind of e-mail in every language into .make/mails, with pictures where there is Chromium
	@$(BIN)/python -m docs.mails .make/mails
	@echo '· the e-mails are in .make/mails/index.html'

manual: .make/docs ## builds the pages of docs/ as a site with a search, which Keyturn serves at /manual: about 5 s
	@$(BIN)/python -m sphinx -W --keep-going -q -d .make/doctrees docs manual
	@echo '· the manual is in manual/'

messages: .make/dev ## writes the template of the message catalogue, and adds new messages to each language
	@$(BIN)/python -m docs.messages

schemas: .make/dev ## keeps the schemas of events as they are promised to receivers; refuses what would break them
	@$(BIN)/python -m tests.events.kept

house: .make/dev ## size and cut of the code, and statements, functions and round trips of requests: about 1 min
	@$(BIN)/python -m bench.house $(ARGS)

journey-facts: .make/dev ## screens, taps, typed fields and words of the client's way, per lane and language: about 1 min
	@$(BIN)/python -m bench.journey $(ARGS)

bench-budget: .make/dev ## what the rate budget makes 1,000 watched clients and somebody who looks wait, in about 40 s
	@$(BIN)/python -m bench.budget

bench-desk: .make/dev ## pages of the dashboard with 5,000 links and 500,000 events: CPU, p95, statements, plans: about 3 min
	@$(BIN)/python -m bench.desk $(ARGS)

bench-idle: .make/dev ## what an installation costs at rest, and one event with 1, 10 and 50 deliveries: about 4 min
	@$(BIN)/python -m bench.idle $(ARGS)

bench-lists: .make/dev ## what lists of 5,000 links cost the web process, beside a bare route with the same statements: about 1 min
	@$(BIN)/python -m bench.lists $(ARGS)

bench-onboarding: .make/dev ## CPU of whole onboardings in web, worker and PostgreSQL, in about 1 min
	@$(BIN)/python -m bench.onboarding $(ARGS)

bench-webhooks: .make/dev ## what deliveries cost, beside the bare client, under load and with two million behind them: about 8 min
	@$(BIN)/python -m bench.webhooks $(ARGS)

bench-writes: .make/dev ## what the main writes cost the web process, beside a bare route with as many statements: under 1 min
	@$(BIN)/python -m bench.writes $(ARGS)

pins: .make/dev ## chooses package versions anew and writes them with their hashes; ARGS=--upgrade takes newer ones
	@for name in app docs dev; do \
	  echo "· requirements/$$name.in → requirements/$$name.txt"; \
	  case $$name in \
	    app) same= ;; \
	    docs) same='--constraints requirements/app.txt' ;; \
	    dev) same='--constraints requirements/app.txt --constraints requirements/docs.txt' ;; \
	  esac; \
	  cp requirements/$$name.txt .make/$$name.txt; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    $$same $(ARGS) requirements/$$name.in -o .make/$$name.txt; \
	  { echo '# Made by `make pins`; do not edit by hand.'; cat .make/$$name.txt; } > .make/$$name.pins; \
	  mv .make/$$name.pins requirements/$$name.txt; \
	  rm .make/$$name.txt; \
	done

clean: ## removes .venv and everything the tools left; no data of Keyturn
	@rm -rf .venv .make build manual *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find app docs migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

.make/app: requirements/app.txt requirements/install pyproject.toml
	@requirements/install app
	@touch $@

.make/docs: .make/app requirements/docs.txt
	@requirements/install docs
	@touch $@

.make/dev: .make/app requirements/dev.txt
	@requirements/install dev
	@touch $@
