"""Databases of the case: users with a year behind them, and the same users with none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from shared import sql
from tests.benchmarks.bench import Bench, console

USERS, TRACKS = 5_000, 20
EVENTS = 10_000_000
DAYS, WEEKS = 365, 52  # of the study log and the path behind them
SQL = sql.beside(__file__)
Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def opened(url: str, *, quiet: bool = False) -> Iterator[Connection]:
    """A connection; a quiet one fires no trigger, as a copy of a database does not."""
    with psycopg.connect(url, autocommit=True) as connection:
        if quiet:
            connection.execute("set session_replication_role = replica")
        yield connection


def known(connection: Connection, table: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(f"select id from {table} order by id").fetchall()]  # noqa: S608


def populate(bench: Bench, url: str) -> None:
    """The users and the tracks."""
    with opened(url) as connection:
        connection.execute(SQL.users, {"users": bench.scaled(USERS), "tracks": TRACKS})


def remember(bench: Bench, url: str) -> None:
    """A year of everything until now, past the triggers, and then counted."""
    past(bench, url)
    with bench.server.filling(), opened(url, quiet=True) as connection:
        connection.execute(SQL.study, {"tracks": known(connection, "tracks"), "days": DAYS})
        connection.execute(SQL.steps, {"weeks": WEEKS})
    with opened(url) as connection:
        connection.execute("select nightshift.recount_analytics()")
    bench.server.settle(url)


def past(bench: Bench, url: str, *, until: str = "0 s") -> None:
    """A year of events until so long ago, past the triggers."""
    console.print(f"Filling {bench.scaled(EVENTS):,} events ...")
    with bench.server.filling(), opened(url, quiet=True) as connection:
        connection.execute(SQL.months)
        events(connection, bench.scaled(EVENTS), over="364 days", until=until)
    bench.server.settle(url)


def events(
    connection: Connection, number: int, *, over: str = "0 s", until: str = "0 s", users: list[str] | None = None
) -> None:
    """So many events of some users, of all unless told."""
    values = {"users": users or known(connection, "users"), "events": number, "over": over, "until": until}
    connection.execute(SQL.events, values)
