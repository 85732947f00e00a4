# Every habit is one command. `make` alone prints this list.
SHELL := /bin/bash
PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)

help:           ## this list
	@grep -hE '^[a-z-]+: .*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

.venv/ready: requirements.lock infra/setup.sh
	@bash infra/setup.sh

setup: .venv/ready  ## the virtual environment, from the lock file

up: .venv/ready  ## the local stack: database, cache, twins, functions, scheduler (Ctrl-C ends it)
	@$(PY) -m infra.cli up

down: .venv/ready  ## stop the local stack
	@$(PY) -m infra.cli down

demo: .venv/ready  ## the main job on real services, with a report; exit 0 only if all of it held
	@$(PY) -m infra.cli demo

test: .venv/ready check  ## everything that CI runs
	@bash tests/run.sh

bench: .venv/ready  ## speed beside other queues and the raw limit, written to docs/benchmarks (needs npm; takes long)
	@$(PY) -m tests.benchmarks

screenshots: .venv/ready  ## pictures of the pages for the README, in docs/screenshots (needs Chromium)
	@$(PY) -m tests.browser.screenshots

check: .venv/ready  ## lint, types, import contracts, rendered files current
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports --no-cache && $(PY) -m infra.render --check

package: .venv/ready  ## one bundle a function for each cloud, in build/, with its size (needs the Python of Lambda's runtime)
	@$(PY) -m infra.cli package

render: .venv/ready  ## bring rendered files up to date with serverless.yml
	@$(PY) -m infra.render

deploy-aws: .venv/ready  ## a stage on AWS: STAGE=dev; MIGRATE=yes brings its database up to date first
	@$(PY) -m infra.aws deploy $(STAGE) $(if $(filter yes,$(MIGRATE)),--migrate)

remove-aws: .venv/ready  ## take a stage back from AWS: STAGE=dev
	@$(PY) -m infra.aws remove $(STAGE)

secrets-aws: .venv/ready  ## write a stage's secret from this shell's environment: STAGE=dev
	@$(PY) -m infra.aws secrets $(STAGE)

deploy-gcp: .venv/ready package  ## Google Cloud: PROJECT=… REGION=…; applied again, nothing changes
	@$(PY) -m infra.gcp.apply --project "$(PROJECT)" --region "$(REGION)"

remove-gcp: .venv/ready  ## take it away again, but the secrets: PROJECT=… REGION=…
	@$(PY) -m infra.gcp.apply --project "$(PROJECT)" --region "$(REGION)" --remove

lock: .venv/ready  ## resolve requirements-dev.txt anew into requirements.lock
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 requirements-dev.txt -o requirements.lock

.PHONY: help setup up down demo test bench screenshots check render package deploy-aws remove-aws secrets-aws deploy-gcp remove-gcp lock
