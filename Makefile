# The only place for commands a person types. `make run` and `make test` set up everything they need.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run passwords test lint types contracts deploy-check fast-test e2e postgres-test bench soak lock readings doctor screenshots

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
JOBS ?= 2
export PORT
export PYTHONUNBUFFERED = 1
# A test run starts a hundred processes: each would compile everything for itself
unexport PYTHONDONTWRITEBYTECODE

# A stamp per content of a lock file: a changed lock installs, an unchanged one costs nothing
RUN_STAMP := .venv/locked-run-$(shell cksum < requirements.lock | cut -d' ' -f1)
DEV_STAMP := .venv/locked-dev-$(shell cksum < requirements-dev.lock | cut -d' ' -f1)

help: ## what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更高版本；可用 make PYTHON=python3.12 … 指定。"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "不能建立虚拟环境；在 Debian 上请先安装 python3-venv。"; exit 1; }

$(RUN_STAMP): | .venv/bin/python
	@echo "安装运行所需的软件包……"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@rm -f .venv/locked-run-* && touch $@

$(DEV_STAMP): | .venv/bin/python
	@echo "安装检查所需的软件包……"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@rm -f .venv/locked-* && touch $@ $(RUN_STAMP)

setup: $(RUN_STAMP) ## virtual environment, database, cases, demo park, accounts
	@$(BIN)/python manage.py setup_portal

run: setup ## everything above, then the server on 127.0.0.1:$PORT (8000)
	@exec $(BIN)/python manage.py runserver 127.0.0.1:$(PORT)

passwords: $(RUN_STAMP) ## draw new passwords for the demo accounts
	@$(BIN)/python manage.py setup_portal --passwords

doctor: $(RUN_STAMP) ## what is well and what is missing on this machine
	@$(BIN)/python manage.py doctor

# Tests: the order puts the browser before PostgreSQL so that a missing PostgreSQL is the last thing said

test: lint types contracts deploy-check fast-test e2e postgres-test ## all checks and tests

lint: $(DEV_STAMP) ## style of Python and templates
	@echo "── lint" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 --check {} +
	@find orgs activities metrics portal tests scripts -name '*.py' -exec $(BIN)/django-upgrade --target-version 5.2 --check {} +

types: $(DEV_STAMP)
	@echo "── types" && $(BIN)/mypy

contracts: $(DEV_STAMP)
	@echo "── import contracts" && $(BIN)/lint-imports

deploy-check: $(DEV_STAMP)
	@echo "── production settings, missing migrations"
	@PORTAL_PRODUCTION=1 PORTAL_HOSTS=portal.example PORTAL_HTTPS=1 PORTAL_SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		PORTAL_ID_KEY="1:$$($(BIN)/python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(BIN)/python manage.py makemigrations --check --dry-run

fast-test: $(DEV_STAMP)
	@echo "── tests on SQLite" && $(BIN)/pytest -q -n $(JOBS) --ignore tests/e2e

# Three: a browser waits for clocks and pages much of its time
e2e: $(DEV_STAMP) ## browser tests
	@echo "── browser tests" && $(BIN)/pytest -q -n 3 --dist worksteal tests/e2e

# Tests leave nothing but dead rows: they are swept at once, by a sweeper who yields at once
SWEPT := -c autovacuum_naptime=1s -c autovacuum_vacuum_cost_delay=0 -c deadlock_timeout=50ms
postgres-test: $(DEV_STAMP)
	@echo "── tests on PostgreSQL" && POSTGRES_OPTIONS="$(SWEPT)" $(BIN)/python scripts/with_postgres.py $(BIN)/pytest -q -n $(JOBS) --ignore tests/e2e -m "not soak and not crawl and not files"

# A nation takes most of an hour and 5 GB of disk; `make bench SIZE=small` a few minutes, and leaves docs/ alone
SIZE ?= national
BENCH := var/benchmark-$(SIZE)
BENCH_PAGE := $(if $(filter national,$(SIZE)),docs/benchmark.md,$(BENCH)/benchmark.md)
bench: $(DEV_STAMP) ## times at national size on both databases, beside raw SQL and DuckDB
	@rm -rf $(BENCH)
	@$(BIN)/python manage.py benchmark --size $(SIZE) --results $(BENCH)
	@POSTGRES_OPTIONS="-c shared_buffers=2GB -c work_mem=64MB -c maintenance_work_mem=512MB -c max_wal_size=8GB" \
		$(BIN)/python scripts/with_postgres.py $(BIN)/python manage.py benchmark --size $(SIZE) --results $(BENCH)
	@$(BIN)/python manage.py benchmark --results $(BENCH) --page $(BENCH_PAGE) && echo "结果：$(BENCH_PAGE)"

soak: $(DEV_STAMP) ## long, bounded load tests, on both databases
	@$(BIN)/pytest -q -m soak
	@$(BIN)/python scripts/with_postgres.py $(BIN)/pytest -q -m "soak or crawl"

screenshots: $(DEV_STAMP) ## pictures of the README, from a running demo
	@$(BIN)/python scripts/screenshots.py

readings: $(DEV_STAMP) ## write anew how Chinese signs are read; what changes wants a migration
	@$(BIN)/python scripts/readings.py

lock: $(DEV_STAMP) ## write both lock files anew from pyproject.toml
	@$(BIN)/python scripts/lock.py
