"""Invocation after invocation that lingers over replies and webhooks, then drains what is left: `URL REDIS UNTIL`.

UNTIL is a time in seconds since 1970.
"""

import asyncio
import json
import sys
import time
from typing import Any

from shared import settings
from shared.queue import REPLIES, WEBHOOKS, drain
from shared.resources import Resources
from shared.task import Run, Tick
from tests.benchmarks.workers.senders import Nothing
from tests.benchmarks.workers.timed import Timed

LINGER = 55.0  # seconds of one invocation, as shipped
GRANTED = 90.0  # seconds that an invocation has: the timeout in serverless.yml
BATCH = 50


async def work(url: str, redis: str, until: float) -> dict[str, object]:
    """How many were sent of each queue, and when each claim began and its milliseconds."""
    resources = Resources(settings.load({"DATABASE_URL": url, "REDIS_URL": redis}))
    timed = vars(resources)["db"] = Timed(url)
    replies, webhooks = await asyncio.gather(
        lingering(resources, REPLIES, until), lingering(resources, WEBHOOKS, until)
    )
    await resources.close()
    return {"replies": replies, "webhooks": webhooks, "claims": timed.calls("claim")}


async def lingering(resources: Resources, queue: Any, until: float) -> int:
    """Linger until that time, and end when nothing is left."""
    sent = 0
    while (left := until - time.time()) > 0:
        sent += await invocation(resources, queue, linger=min(LINGER, left))
    return sent + await invocation(resources, queue, until_empty=True)


async def invocation(resources: Resources, queue: Any, *, linger: float = 0.0, until_empty: bool = False) -> int:
    run = Run(f"soak-{queue.table}", Tick(), resources, GRANTED)
    sender = Nothing(run, limited=True)
    await drain(run, queue, sender, claim=BATCH, linger=linger, until_empty=until_empty)
    return sender.sent


def main(url: str, redis: str, until: str) -> None:
    print(json.dumps(asyncio.run(work(url, redis, float(until)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
