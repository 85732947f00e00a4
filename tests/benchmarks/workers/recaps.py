"""generate-summaries, one invocation over a database of players who all wait for yesterday's recap."""

import asyncio
import json
import resource
import sys
import time

from functions.generate_summaries.main import generate_summaries
from infra.local.keys import CLAUDE_KEY
from shared import settings
from shared.resources import Resources
from shared.web import Request

KEY = "bench-key-of-thirty-two-characters"
HOUR = 3600.0
NEVER = 100_000_000


async def work(url: str, claude: str, at_once: str) -> dict[str, float]:
    """One invocation; the clocks start once it has its connection."""
    given = {
        "DATABASE_URL": url,
        "SERVICE_KEYS": KEY,
        "ANTHROPIC_BASE_URL": claude,
        "ANTHROPIC_API_KEY": CLAUDE_KEY,
        "CLAUDE_AT_ONCE": at_once,
        "CLAUDE_BATCH_FROM": str(NEVER),
        "CLAUDE_DAILY_BUDGET_USD": str(NEVER),
        "LOG_LEVEL": "ERROR",
    }
    resources = Resources(settings.load(given))
    await resources.db.rows(b"select 1")
    body, headers = json.dumps({"trigger": "bench"}).encode(), {"authorization": f"Bearer {KEY}"}
    began, before = time.perf_counter(), cpu()
    answer = await generate_summaries(Request("POST", "/", headers, body=body, seconds_left=HOUR), resources)
    spent = {"seconds": time.perf_counter() - began, "client_cpu_s": cpu() - before}
    await resources.close()
    return {**spent, "processed": json.loads(answer.body)["processed"]}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(*sys.argv[1:]))))
