"""What Prometheus counts, over processes that come and go: summed here, added to `metric_counters` when a run ends."""

import json
import time
from bisect import bisect_left
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from shared import sql
from shared.db import Database
from shared.errors import UnavailableError
from shared.log import log

EVERY = 60.0  # seconds for which what a run has counted waits for its end
BOUNDS = (0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 900)  # seconds: the buckets of runs' durations
SQL = sql.beside(__file__, "counters.sql")

RUNS = "nightshift_runs_total"
DURATIONS = "nightshift_run_duration_seconds"
DELIVERIES = "nightshift_deliveries_total"
DEAD_LETTERS = "nightshift_dead_letters_total"
POSSIBLE_DUPLICATES = "nightshift_possible_duplicates_total"
LEASES_LOST = "nightshift_leases_lost_total"
LIMITER_WAITS = "nightshift_limiter_waits_total"
LIMITER_WAITED = "nightshift_limiter_wait_seconds_total"
CLAUDE_TOKENS = "nightshift_claude_tokens_total"
CLAUDE_COST = "nightshift_claude_cost_usd_total"
HELP = {
    RUNS: "Runs that found work or failed, by how they ended; a killed one ended without a word.",
    DURATIONS: "How long those runs took.",
    DELIVERIES: "Sends by queue and by how they ended.",
    DEAD_LETTERS: "Rows that became dead letters when their last send was written down.",
    POSSIBLE_DUPLICATES: "Sends of rows that may have gone out before.",
    LEASES_LOST: "Rows that another run had taken over before their send was written down.",
    LIMITER_WAITS: "Rows that the rate limits made wait.",
    LIMITER_WAITED: "Seconds for which they were told to wait.",
    CLAUDE_TOKENS: "Claude's tokens, by kind.",
    CLAUDE_COST: "What they cost, in US dollars.",
}

Key = tuple[str, tuple[tuple[str, str], ...]]


class Counters:
    """One process's sums that are not written yet; `since` is when the first of them was noted."""

    def __init__(self) -> None:
        self.sums: dict[Key, float] = {}
        self.since = 0.0

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        if not self.sums:
            self.since = time.monotonic()
        key = name, tuple(labels.items())
        self.sums[key] = self.sums.get(key, 0) + amount

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Add to a histogram: the one bucket that it falls into, and the sum."""
        place = bisect_left(BOUNDS, seconds)
        self.add(f"{name}_bucket", 1, **labels, le=f"{BOUNDS[place]:g}" if place < len(BOUNDS) else "+Inf")
        self.add(f"{name}_sum", seconds, **labels)

    def run_ended(self, job: str, status: str, seconds: float) -> None:
        self.add(RUNS, 1, job=job, status=status)
        self.observe(DURATIONS, max(0.0, seconds), job=job)

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[str]:
        """All sums, to be written inside; they come back if that fails. At worst something is counted twice."""
        taken, self.sums = self.sums, {}
        try:
            yield written(taken)
        except BaseException:
            for (name, labels), amount in taken.items():
                self.add(name, amount, **dict(labels))
            raise

    async def write(self, db: Database) -> None:
        """Write what has waited for so long. No delivery fails for it: what cannot be written waits on."""
        if not self.sums or time.monotonic() - self.since < EVERY:
            return
        try:
            async with self.taken() as counts:
                await db.rows(SQL.count_up, counts=counts)
        except (UnavailableError, psycopg.Error) as error:
            log.warning("counters could not be written", error_type=type(error).__name__)


def written(sums: dict[Key, float]) -> str:
    """Sums as the database takes them: a JSON array of {name, labels, value}."""
    return json.dumps([{"name": name, "labels": dict(labels), "value": sums[name, labels]} for name, labels in sums])
