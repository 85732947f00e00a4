"""What the start of each function may cost: `python -m tests.integration.core.cold_starts` renews BUDGETS below.

A start is a new process that loads the function and makes its resources. Its cost is its instructions over those of a
process that loads the libraries which every function needs, and nothing of ours.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.instructions import instructions
from tests.lambda_runtime import ROOT

FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
# As in a deployed bundle, where httpx finds nothing to make a command line of.
BUNDLE = "import sys; sys.modules.update(click=None, pygments=None, rich=None)"
LIBRARIES = "import asyncio, psycopg, psycopg_pool; from pydantic import BaseModel"
START = "import functions.{name}.main; from shared.entrypoint import resources; resources()"
CORES = 2
MARGIN = 1.03  # below the 5 % that must not slip in, and far above what two counts differ by (under 0.01 %)

BUDGETS = {
    "admin": 1.626,
    "analytics": 1.267,
    "apply_decay": 1.218,
    "cleanup_stale": 1.223,
    "console": 1.660,
    "deliver_push": 1.406,
    "deliver_responses": 1.370,
    "generate_summaries": 1.444,
    "health": 1.204,
    "mail_events": 1.261,
    "messages": 1.266,
    "partners": 1.255,
    "portal": 1.256,
    "process_email_queue": 1.292,
    "process_webhook_retries": 1.310,
    "prune_analytics": 1.219,
    "reconcile_stripe": 1.275,
    "refresh_analytics": 1.218,
    "register_device": 1.260,
    "send_email": 1.346,
    "shop": 1.286,
    "stripe_webhook": 1.247,
    "watch": 1.494,
}


def libraries() -> int:
    """The instructions that the libraries take."""
    return instructions(f"{BUNDLE}\n{LIBRARIES}")


def start(name: str) -> int:
    """The instructions of a function's start."""
    return instructions(f"{BUNDLE}\n{START.format(name=name)}")


def renew() -> None:
    """Measure every function and write the budgets into this file."""
    with ThreadPoolExecutor(CORES) as pool:
        base, starts = pool.submit(libraries), list(pool.map(start, FUNCTIONS))
    lines = [f'    "{name}": {count / base.result():.3f},\n' for name, count in zip(FUNCTIONS, starts, strict=True)]
    budgets = "".join(["BUDGETS = {\n", *lines, "}\n"])
    file = Path(__file__)
    file.write_text(re.sub(r"^BUDGETS = \{.*?\}\n", budgets, file.read_text(), flags=re.DOTALL | re.MULTILINE))


if __name__ == "__main__":
    renew()
