"""The measurements: what a message, an empty invocation and a second of lingering cost."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.bench import Bench, FailedError, Sample, answer
from tests.benchmarks.workers.fills import fill

ROWS = 10_000  # of each queue
ALONE = 1_000  # rows that go one at a time, as they do where few come
BATCH = 50  # the specification's
EVENTS = 1_000  # of Stripe
CALLS = 200  # invocations that find nothing
LINGER = 10.0  # seconds of lingering over an empty queue
WORKERS = "tests.benchmarks.workers"


@dataclass(frozen=True)
class Line:
    """One queue, where its limits are kept (`none`, `postgresql` or `redis`), and how many rows go at a time."""

    name: str
    queue: str
    limits: str
    batch: int = BATCH


LINES = (
    Line("replies, limits in Redis", "replies", "redis"),
    Line("replies, limits in PostgreSQL", "replies", "postgresql"),
    Line("emails, limits in Redis", "emails", "redis"),
    Line("emails, limits in PostgreSQL", "emails", "postgresql"),
    Line("webhook retries", "webhooks", "none"),
    Line("replies, limits in Redis, one at a time", "replies", "redis", batch=1),
)
BATCHED = tuple(line.name for line in LINES if line.batch == BATCH)
INTAKE, EMPTY, LINGERING = "Stripe intake", "an invocation that finds nothing", "a second of lingering"


def drained(bench: Bench, line: Line) -> Sample:
    """A message of a queue that is drained."""
    rows = bench.scaled(ROWS if line.batch == BATCH else ALONE)
    with bench.server.database("cost", migrated=True) as url:
        fill(url, line.queue, rows)
        bench.server.settle(url)
        limits = bench.server.redis() if line.limits == "redis" else line.limits
        told = answer([sys.executable, "-m", f"{WORKERS}.metered_drain", url, line.queue, str(line.batch), limits])
    return each(told, rows)


def taken_in(bench: Bench) -> Sample:
    """An event of Stripe, one after another."""
    events = 2 * bench.scaled(EVENTS // 2)
    return each(called(bench, "intake", events), events)


def idle(bench: Bench) -> Sample:
    calls = bench.scaled(CALLS)
    return each(called(bench, "idle", "deliver-responses", 0, calls), calls)


def lingering(bench: Bench) -> Sample:
    """Per second; the one invocation is within it."""
    seconds = max(1.0, LINGER * min(bench.scale, 1.0))
    told = called(bench, "idle", "deliver-responses", seconds, 1)
    return each(told | {"handled": seconds}, seconds)


def called(bench: Bench, action: str, *told: Any) -> dict[str, Any]:
    with bench.server.database("cost", migrated=True) as url:
        bench.server.settle(url)
        return answer([sys.executable, "-m", f"{WORKERS}.metered_calls", action, url, *map(str, told)])


def each(told: Mapping[str, Any], number: float) -> Sample:
    """Everything divided by how many there were.

    Raises:
        FailedError: not all went well.
    """
    if told["handled"] != number:
        raise FailedError(f"{told['handled']} of {number} went well")
    milliseconds = told.get("seconds", 0.0) * 1000
    return {
        "round_trips": told["round_trips"] / number,
        "rows_written": told["writes"] / number,
        "wal_bytes": told["wal"] / number,
        "client_cpu_ms": told["client"] * 1000 / number,
        "server_cpu_ms": told["server"] * 1000 / number,
        "wall_ms": milliseconds / number,
    }
