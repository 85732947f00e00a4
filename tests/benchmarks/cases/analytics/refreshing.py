"""What a refresh costs after so many new events, beside a history and beside none."""

from functools import partial
from time import perf_counter

from tests.benchmarks.bench import Bench, FailedError, Sample, Series
from tests.benchmarks.cases.analytics.history import SQL, Connection, events, known, opened, populate
from tests.benchmarks.server import TEMPLATE
from tests.integration.analytics.sources import figures, recomputed

NEW, BATCH = 10_000, 500
HISTORY, ALONE = "beside the history", "alone"
WITH, WITHOUT = "with the triggers", "without"


def refreshes(bench: Bench, remembered: str) -> Series:
    """Round after round the same new rows, beside a history that stays and alone in a fresh database."""
    rounds = iter(range(1000))
    return bench.interleave(
        {
            HISTORY: lambda: refreshed(bench, remembered, next(rounds)),
            ALONE: lambda: alone(bench, next(rounds)),
        }
    )


def alone(bench: Bench, number: int) -> Sample:
    with bench.server.database("analytics_alone", template=TEMPLATE) as url:
        populate(bench, url)
        with opened(url) as connection:
            connection.execute("select analytics.refresh_all_views()")
        bench.server.settle(url)
        return refreshed(bench, url, number)


def refreshed(bench: Bench, url: str, number: int) -> Sample:
    """The seconds of one refresh, those of the server's processors, and the pages that it looked at."""
    with opened(url) as connection:
        write(connection, number)
        bench.server.rest()
        cpu, before, began = bench.server.cpu_seconds(), pages(connection), perf_counter()
        failed = connection.execute("select 1 from analytics.refresh_all_views() where error is not null").rowcount
        seconds, spent = perf_counter() - began, bench.server.cpu_seconds() - cpu
        if failed:
            raise FailedError("a view could not be renewed")
        return {"seconds": seconds, "cpu": spent, "pages": pages(connection) - before}


def write(connection: Connection, number: int) -> None:
    """The new rows, in statements as the function `analytics` writes them."""
    for _ in range(NEW // BATCH):
        events(connection, BATCH)
    connection.execute(SQL.new_study, {"tracks": known(connection, "tracks"), "round": number})


def pages(connection: Connection) -> float:
    """Pages that this database has asked for so far, found in memory or not."""
    connection.execute("select pg_stat_force_next_flush()")
    connection.execute("select pg_stat_clear_snapshot()")
    statement = "select (blks_hit + blks_read)::float8 from pg_stat_database where datname = current_database()"
    [(count,)] = connection.execute(statement.encode()).fetchall()
    return float(count)


def recomputation(bench: Bench, url: str) -> Sample:
    """The same figures from the sources, once.

    Raises:
        FailedError: they are not those that the views have.
    """
    with opened(url) as connection:
        connection.execute("select analytics.refresh_all_views()")
        cpu, began = bench.server.cpu_seconds(), perf_counter()
        wanted = recomputed(connection)
        sample = {"seconds": perf_counter() - began, "cpu": bench.server.cpu_seconds() - cpu}
        if wanted != figures(connection):
            raise FailedError("the views do not have the figures of a recomputation")
    return sample


def inserts(bench: Bench) -> Series:
    """A batch of events of as many users, with the triggers and foreign keys and without."""
    with bench.server.database("analytics_inserts", template=TEMPLATE) as url:
        populate(bench, url)
        return bench.interleave(
            {WITH: partial(inserted, url, quiet=False), WITHOUT: partial(inserted, url, quiet=True)}
        )


def inserted(url: str, *, quiet: bool) -> Sample:
    with opened(url, quiet=quiet) as connection:
        users = known(connection, "users")[:BATCH]
        events(connection, BATCH, users=users)
        began = perf_counter()
        for _ in range(NEW // BATCH):
            events(connection, BATCH, users=users)
        return {"ms": (perf_counter() - began) * 1000 / (NEW // BATCH)}
