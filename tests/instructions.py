"""How many instructions a program takes, counted by Valgrind: the same on a busy machine as on a quiet one.

A count of one machine still means little on another: processors, builds of Python and of its libraries differ. What
holds anywhere is a count's ratio to that of a fixed program on the same machine.
"""

import re
import subprocess
import sys
from collections.abc import Mapping

from tests.lambda_runtime import ROOT
from tests.system import require

TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")
STEADY = {"PYTHONHASHSEED": "0"}  # else sets, and so counts, differ from run to run


def instructions(code: str, environment: Mapping[str, str] | None = None) -> int:
    """The instructions of a new Python process that runs `code`, its bytecode being compiled already.

    Raises:
        subprocess.CalledProcessError: the code failed.
    """
    python = [sys.executable, "-c", code]
    counted = [require("valgrind"), "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", *python]
    env = STEADY | dict(environment or {})
    subprocess.run(python, cwd=ROOT, env=env, capture_output=True, check=True)  # noqa: S603
    done = subprocess.run(counted, cwd=ROOT, env=env, capture_output=True, text=True, check=True)  # noqa: S603
    return int(TOTAL.findall(done.stderr)[-1].replace(",", ""))
