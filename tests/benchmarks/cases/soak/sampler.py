"""Looks at the database while it soaks."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from shared import sql
from tests.benchmarks.server import Server

TABLES = {"replies": "pending_responses", "webhooks": "webhook_retry_queue"}
LAG = timedelta(seconds=1)  # for which a settlement may be under way before it is seen
SQL = sql.beside(__file__)


@dataclass(frozen=True)
class Latency:
    """Milliseconds from due to settled, of so many rows."""

    settled: int
    p50: float
    p99: float


@dataclass(frozen=True)
class Sample:
    """One look.

    Attributes:
        seconds: since the beginning.
        wal_rate: bytes of log per second since the look before.
        sizes: by queue, as the statement `sizes` answers.
        latency: by queue, of what was settled since the look before.
    """

    seconds: float
    wal_rate: float
    sizes: dict[str, dict[str, int]]
    latency: dict[str, Latency]


class Sampler:
    """Looks at one database, again and again."""

    def __init__(self, server: Server, url: str) -> None:
        self.server = server
        self.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self.began = self.looked = datetime.now(UTC)
        self.wal = server.wal_bytes()

    def look(self) -> Sample:
        now, wal = datetime.now(UTC), self.server.wal_bytes()
        sample = Sample(
            seconds=(now - self.began).total_seconds(),
            wal_rate=(wal - self.wal) / (now - self.looked).total_seconds(),
            sizes={queue: self.row("sizes", table=table) for queue, table in TABLES.items()},
            latency={queue: self.latency(queue, self.looked, now) for queue in TABLES},
        )
        self.looked, self.wal = now, wal
        return sample

    def latency(self, queue: str, since: datetime, until: datetime) -> Latency:
        row = self.row(queue, since=since - LAG, until=until - LAG)
        p50, p99 = row["ms"] or (float("nan"), float("nan"))
        return Latency(row["settled"], p50, p99)

    def part(self, queue: str, first: float, last: float) -> Latency:
        """The same of a part of the run, in seconds since its beginning."""
        return self.latency(queue, *(self.began + timedelta(seconds=seconds) + LAG for seconds in (first, last)))

    def left(self, queue: str) -> dict[str, int]:
        """Rows that were sent, and rows that may have been sent more than once."""
        return self.row(f"{queue}_left")

    def row(self, name: str, **values: Any) -> dict[str, Any]:
        return self.connection.execute(SQL.named[name], values).fetchone() or {}
