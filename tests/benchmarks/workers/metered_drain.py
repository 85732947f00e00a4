"""One drain of a queue until it is empty, with every meter read: `URL QUEUE BATCH LIMITS [gate]`.

LIMITS is `none`, `postgresql`, or the address of a Redis. With `gate` it says `ready` and waits for a line, so that
several begin together.
"""

import asyncio
import json
import sys
import time
from typing import Any

from shared import settings
from shared.limits import Permit
from shared.queue import EMAILS, REPLIES, WEBHOOKS, drain
from shared.resources import Resources
from shared.task import Run, Tick
from tests.benchmarks.workers.meter import FUNCTIONS, Meter, difference
from tests.benchmarks.workers.senders import Nothing

GRANTED = 3600.0  # seconds that the invocation has
WARM = Permit("bench:warm", 1, 0.001)  # opens what a limiter needs
QUEUES: dict[str, Any] = {"replies": REPLIES, "emails": EMAILS, "webhooks": WEBHOOKS}


async def work(url: str, queue: str, batch: int, limits: str, *, gate: bool) -> dict[str, Any]:
    """Drain, and what it cost; the meters start once there are connections."""
    meter, redis = Meter(url), limits if limits.startswith("redis") else ""
    counted = meter.counted()
    resources = Resources(settings.load({"DATABASE_URL": url + FUNCTIONS, "REDIS_URL": redis}))
    run = Run(f"bench-{queue}", Tick(), resources, GRANTED)
    sender = Nothing(run, limited=limits != "none")
    await resources.limiter.reserve([[WARM]])
    if gate:
        wait_for_the_others()
    trips, before, began = run.db.round_trips, meter.spent(), time.time()
    await drain(run, QUEUES[queue], sender, claim=batch, until_empty=True)
    ended, after, trips = time.time(), meter.spent(), run.db.round_trips - trips
    await resources.close()
    told = {"handled": sender.sent, "began": began, "ended": ended, "round_trips": trips}
    if not gate:  # the others' rows would be among ours
        meter.alone()
        told |= difference(counted, meter.counted())
    return told | difference(before, after)


def wait_for_the_others() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


def main(url: str, queue: str, batch: str, limits: str, gate: str = "") -> None:
    print(json.dumps(asyncio.run(work(url, queue, int(batch), limits, gate=bool(gate)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
