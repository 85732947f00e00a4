#!/usr/bin/env bash
# All tests with coverage of shared/, the slowest named. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python

rm -f .coverage .coverage.*
"$python" -m pytest -n auto --maxprocesses="${TEST_WORKERS:-4}" --durations=10 \
    --cov=shared --cov-branch --cov-report="term-missing:skip-covered" \
    --cov-fail-under="${COVERAGE_FLOOR:-95}" "$@"
