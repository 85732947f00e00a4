"""The case "pruning": how long a writer of events waits while ten million old ones go, as months and in batches."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import perf_counter

from psycopg.errors import LockNotAvailable

from functions.prune_analytics.batches import REST
from functions.prune_analytics.keeping import PAGE
from functions.prune_analytics.keeping import SQL as PRUNE
from infra.migrations import migrate
from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, FailedError, Sample
from tests.benchmarks.cases.analytics.history import EVENTS, Connection, opened, past, populate
from tests.benchmarks.report import Report, Table, Target, number
from tests.benchmarks.server import TEMPLATE

NAME, TITLE = "pruning", "Pruning analytics"
STALL = 100.0  # milliseconds that a writer may wait, at most
KEEP, UNTIL = "1 day", "2 days"  # what is kept, and how long ago the events end that go
BATCH, PAUSE = 20, 0.005  # events of one statement of the writer, and seconds between two
QUIET = 10.0  # seconds of the writer by itself
BEFORE = "0019"  # a revision without events
TABLE = """
create table session_analytics_events (
    id uuid primary key default gen_random_uuid(), user_id uuid, session_id text not null, event_type text not null,
    metadata jsonb default '{}', created_at timestamptz not null default now());
create index on session_analytics_events (created_at)"""
INSERT = """
insert into session_analytics_events (user_id, session_id, event_type)
select (select id from users limit 1), 's', 'page_viewed' from generate_series(1, %s)"""
TOLD = {
    "seconds": "seconds",
    "longest_ms": "writer's longest wait, ms",
    "p99_ms": "p99, ms",
    "quiet_ms": "longest by itself, ms",
}


def measure(bench: Bench) -> Report:
    """Both ways, once each: every round would have to be filled anew."""
    pruned = {"dropped by months": months(bench), "deleted in batches": batches(bench)}
    longest = {name: {"longest wait": sample["longest_ms"]} for name, sample in pruned.items()}
    return Report(
        summary=(
            f"{bench.scaled(EVENTS):,} events of a year go, with the statements of prune-analytics: by months, what is "
            f"left of this one in batches of {PAGE:,}; and all of them in batches, from a table without partitions. "
            f"Meanwhile a writer inserts {BATCH} events every {PAUSE * 1000:.0f} ms, after it did so by itself for "
            f"{QUIET:.0f} s. Each way once."
        ),
        tables=[Table(("", *TOLD.values()), [[name, *map(number, row(sample))] for name, sample in pruned.items()])],
        charts={f"{NAME}.svg": plot.bars(TITLE, longest, "ms")},
        targets=[stall(name, sample) for name, sample in pruned.items()],
        data={name: dict(sample) for name, sample in pruned.items()},
    )


def row(sample: Sample) -> list[float]:
    return [sample[field] for field in TOLD]


def stall(name: str, sample: Sample) -> Target:
    return Target(f"longest wait of a writer, {name}", sample["longest_ms"], STALL, at_least=False, unit="ms")


def months(bench: Bench) -> Sample:
    """The months at once, and the rest of this one in batches."""
    with bench.server.database("pruning_months", template=TEMPLATE) as url:
        populate(bench, url)
        past(bench, url, until=UNTIL)
        return watched(bench, url, lambda connection: dropped(connection) + deleted(connection))


def batches(bench: Bench) -> Sample:
    """All in batches, from a table without partitions."""
    with bench.server.database("pruning_batches") as url:
        migrate.upgrade(url, BEFORE)
        with opened(url) as connection:
            connection.execute(TABLE.encode())
        migrate.upgrade(url)
        populate(bench, url)
        past(bench, url, until=UNTIL)
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
        while not stop.wait(PAUSE):
            began = perf_counter()
            connection.execute(INSERT, [BATCH])
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


def deleted(connection: Connection) -> int:
    """Delete batch after batch, each from where the last one ended."""
    total, rows, start = 0, PAGE, None
    while rows == PAGE:
        began = perf_counter()
        [(rows, start)] = connection.execute(
            PRUNE.delete_events, {"keep": KEEP, "page": PAGE, "start": start}
        ).fetchall()
        total += rows
        time.sleep(REST * (perf_counter() - began))
    return total


def ninety_nine(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
