#!/usr/bin/env bash
# All tests with coverage of shared/, the slowest named, then the demo. Further arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python

rm -f .coverage .coverage.*
"$python" -m pytest -n auto --maxprocesses="${TEST_WORKERS:-4}" --durations=10 \
    --cov=shared --cov-branch --cov-report="term-missing:skip-covered" \
    --cov-fail-under="${COVERAGE_FLOOR:-95}" "$@"

# The main job under real limits and real trouble, checked against what the providers saw.
NIGHTSHIFT_HOME=.nightshift/test PORT=0 "$python" -m infra.cli demo
