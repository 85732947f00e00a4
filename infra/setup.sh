#!/usr/bin/env bash
# Make .venv from requirements.lock: a plain Python with venv is all that it needs.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Nightshift needs Python 3.11 or newer; $python is $("$python" -V 2>&1). Set PYTHON=/path/to/python3.11." >&2
    exit 1
}
if [ ! -x .venv/bin/pip ]; then
    "$python" -m venv .venv || {
        echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2
        exit 1
    }
fi
echo "Setting up .venv (once) ..."
.venv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
.venv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -m infra.cli "$@"\n' "$PWD" "$PWD" > .venv/bin/nightshift
chmod +x .venv/bin/nightshift
touch .venv/ready
