"""Nightshift itself: `shared.queue.drain` with a sender that does nothing, on the event loop of Google's runtime."""

import json
import resource
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import uvloop

from shared import settings
from shared.limits import Permit
from shared.log import masked
from shared.mailbox import canonical
from shared.queue import EMAILS, REPLIES, WEBHOOKS, Email, Queue, Reply, drain
from shared.resources import Resources
from shared.task import Run, Tick
from tests.benchmarks.workers.fills import fill
from tests.benchmarks.workers.senders import Nothing

HOUR = 3600.0
UNBOUND = 10_000_000  # a limit that is asked and never binds
PER_RECIPIENT = 10  # emails to one address in a minute
QUEUES: dict[str, Queue[Any]] = {"replies": REPLIES, "emails": EMAILS, "webhooks": WEBHOOKS}


class Unbound(Nothing):
    """Asks for the limits of the real senders, which bind at no batch."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, limited=True)

    def permits(self, row: Any) -> Sequence[Permit]:
        match row:
            case Email(to_email=address):
                recipient = f"email:to:{masked(canonical(address))}"
                return Permit("email:all", UNBOUND, 60.0), Permit(recipient, PER_RECIPIENT, 60.0)
            case Reply(telegram_chat_id=chat):
                return Permit("telegram:bot", UNBOUND, 1.0), Permit(f"telegram:bot:chat:{chat}", UNBOUND, 1.0)
        return ()


def invocation(url: str, job: str, redis: str = "") -> Run:
    """An invocation with time enough."""
    return Run(f"bench-{job}", Tick(), Resources(settings.load({"DATABASE_URL": url, "REDIS_URL": redis})), HOUR)


async def work(url: str, batch: int, queue: str, redis: str) -> dict[str, object]:
    """One invocation that drains the queue; the clocks start once it has its connections."""
    run = invocation(url, queue, redis)
    sender = Unbound(run)
    await connected(run)
    trips, started, before = run.db.round_trips, time.perf_counter(), cpu()
    await drain(run, QUEUES[queue], sender, claim=batch, until_empty=True)
    said = {
        "seconds": time.perf_counter() - started,
        "client_cpu_s": cpu() - before,
        "round_trips": run.db.round_trips - trips,
        "handled": sender.sent,
        "version": "this tree",
    }
    await run.resources.close()
    return said


async def connected(run: Run) -> None:
    """Connect to PostgreSQL and, where the limiter is there, to Redis."""
    await run.db.rows(b"select 1")
    await run.limiter.reserve([[Permit("bench", UNBOUND, 1.0)]])


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(action: str, url: str, rows: str, batch: str, queue: str, *words: str) -> None:
    named = dict(pairwise(words))
    if action == "fill":
        fill(url, queue, int(rows), later=int(named.get("later", 0)), finished=int(named.get("finished", 0)))
    else:
        print(json.dumps(uvloop.run(work(url, int(batch), queue, named.get("redis", "")))))


if __name__ == "__main__":
    main(*sys.argv[1:])
