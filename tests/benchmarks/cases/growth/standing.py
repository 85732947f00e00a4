"""A database in which ever more later or finished rows stand, and a drain of the few that are due beside them."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, LiteralString

import psycopg

from tests.benchmarks.bench import Bench, FailedError, Sample, answer
from tests.benchmarks.workers import fills

QUEUE = "replies"  # the queue that does most: it keeps the order within each chat
WORKER = "tests.benchmarks.workers.metered_drain"
Kind = Literal["later", "finished"]
KINDS: tuple[Kind, ...] = ("later", "finished")
DUE = 5_000  # rows of one drain
BATCH = 50
CHUNK = 500_000  # rows of one statement
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
FORGET: LiteralString = "delete from pending_responses where status = 'delivered' and finished_at > %s"
# Fillings ask no triggers: a foreign key's check of each row would take most of the time.
QUIET: LiteralString = "set session_replication_role = replica"


class Standing:
    """One database.

    Attributes:
        kind: what its standing rows are.
        rows: how many of them there are.
        due: rows of one drain.
    """

    def __init__(self, bench: Bench, url: str, kind: Kind) -> None:
        self.bench, self.url, self.kind, self.due = bench, url, kind, due(bench)
        self.rows = self.numbered = 0
        self.began = datetime.now(UTC)

    def grow(self, rows: int) -> None:
        """Add rows until so many stand, and come to rest."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(fills.OWNER)
            connection.execute(QUIET)
            while self.rows < rows:
                self.rows += self.add(connection, min(CHUNK, rows - self.rows))
        self.bench.server.settle(self.url)

    def add(self, connection: psycopg.Connection, rows: int) -> int:
        """Standing rows; later ones are due from in a year on, finished ones were done the day before yesterday."""
        if self.kind == "later":
            self.insert(connection, rows, self.began + YEAR)
        else:
            self.insert(connection, rows, self.began - 3 * DAY, self.began - 2 * DAY)
        return rows

    def insert(
        self, connection: psycopg.Connection, rows: int, due: datetime, finished: datetime | None = None
    ) -> None:
        """Rows of chats of their own, the first one due at `due`; the fill counts milliseconds from number 0."""
        first = self.numbered + 1
        start = due - timedelta(milliseconds=first)
        fills.add(connection, QUEUE, first=first, rows=rows, due=start, finished=finished)
        self.numbered += rows

    def drained(self) -> Sample:
        """Make a few rows due, drain them, and forget them: the database stays as large as it was.

        Returns:
            Per batch of 50 rows: claim_ms, settle_ms (time within the database's functions); cpu_ms (PostgreSQL's);
            pages (of tables and indexes, asked for); wal (bytes).

        Raises:
            FailedError: not all of them were sent.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(FORGET, [self.began])
            self.insert(connection, self.due, datetime.now(UTC) - timedelta(hours=1))
        limits = self.bench.server.redis()
        told = answer([sys.executable, "-m", WORKER, self.url, QUEUE, str(BATCH), limits])
        return self.sample(told)

    def sample(self, told: dict[str, Any]) -> Sample:
        if told["handled"] != self.due:
            raise FailedError(f"it sent {told['handled']} of {self.due} due rows")
        each = {name: told[name] * BATCH / self.due for name in ("claim_ms", "settle_ms", "server", "pages", "wal")}
        return each | {"cpu_ms": each.pop("server") * 1000}


def due(bench: Bench) -> int:
    """Rows of one drain: some batches, at any scale."""
    return max(4 * BATCH, bench.scaled(DUE))
