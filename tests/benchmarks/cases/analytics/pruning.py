"""How long a writer of events waits while the old ones go, as months and in batches."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import perf_counter

import psycopg
from psycopg.errors import LockNotAvailable

from functions.prune_analytics.keeping import PAGE
from functions.prune_analytics.keeping import SQL as PRUNE
from infra.migrations import migrate
from tests.benchmarks.bench import Bench, FailedError, Sample, console
from tests.benchmarks.cases.analytics.history import EVENTS, Connection, events, opened, populate

KEEP = "1 day"  # of the history, which ends two days ago
UNTIL = "2 days"
BATCH, PAUSE = 20, 0.005  # events of one statement of the writer, and seconds between two
QUIET = 10.0  # seconds of the writer by itself
BEFORE = "0019"  # the newest revision without events
TABLE = """
create table session_analytics_events (
    id uuid primary key default gen_random_uuid(), user_id uuid, session_id text not null, event_type text not null,
    metadata jsonb default '{}', created_at timestamptz not null default now());
create index on session_analytics_events (created_at)"""


def months(bench: Bench, url: str) -> Sample:
    """The months at once, and the rest of this one in batches."""
    return watched(bench, url, lambda connection: dropped(connection) + deleted(connection))


def batches(bench: Bench) -> Sample:
    """All in batches, from a table without partitions."""
    with bench.server.database("analytics_whole") as url:
        migrate.upgrade(url, BEFORE)
        with opened(url) as connection:
            connection.execute(TABLE.encode())
        migrate.upgrade(url)
        populate(bench, url)
        console.print(f"Filling {bench.scaled(EVENTS):,} events into one table ...")
        with bench.server.filling(), opened(url, quiet=True) as connection:
            events(connection, bench.scaled(EVENTS), over="364 days", until=UNTIL)
        bench.server.settle(url)
        return watched(bench, url, deleted)


def watched(bench: Bench, url: str, prune: Callable[[Connection], int]) -> Sample:
    """Seconds, how many events went, and the writer's longest waits: meanwhile, and by itself before (milliseconds)."""
    with ThreadPoolExecutor(1) as pool, opened(url) as connection:
        quiet = waits(pool, url, lambda: time.sleep(QUIET))
        bench.server.rest()
        began, gone = perf_counter(), 0

        def pruned() -> None:
            nonlocal gone
            gone = prune(connection)

        during = waits(pool, url, pruned)
        seconds = perf_counter() - began
    if gone != bench.scaled(EVENTS):
        raise FailedError(f"{gone} of {bench.scaled(EVENTS)} old events went")
    return {"seconds": seconds, "longest_ms": max(during), "p99_ms": ninety_nine(during), "quiet_ms": max(quiet)}


def waits(pool: ThreadPoolExecutor, url: str, meanwhile: Callable[[], None]) -> list[float]:
    """The milliseconds of each of the writer's statements while something else is done."""
    stop = Event()
    writing = pool.submit(writer, url, stop)
    try:
        meanwhile()
    finally:
        stop.set()
    return writing.result()


def writer(url: str, stop: Event) -> list[float]:
    taken = []
    with opened(url) as connection:
        users = [row[0] for row in connection.execute("select id from users limit 1").fetchall()]
        while not stop.wait(PAUSE):
            began = perf_counter()
            connection.execute(
                "insert into session_analytics_events (user_id, session_id, event_type) "
                "select %s, 's', 'page_viewed' from generate_series(1, %s)",
                [users[0], BATCH],
            )
            taken.append((perf_counter() - began) * 1000)
    return taken


def dropped(connection: Connection) -> int:
    """Drop month after month; asked for again where somebody is in the way, as prune-analytics does."""
    total = 0
    while True:
        try:
            found = connection.execute(PRUNE.drop_month, {"keep": KEEP}).fetchall()
        except LockNotAvailable:
            time.sleep(0.05)
            continue
        if not found:
            return total
        total += found[0][1]


def deleted(connection: psycopg.Connection) -> int:
    total, rows = 0, PAGE
    while rows == PAGE:
        [(rows,)] = connection.execute(PRUNE.delete_events, {"keep": KEEP, "page": PAGE}).fetchall()
        total += rows
    return total


def ninety_nine(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
