"""The queues' statements: claim, settle, both at once, next wake. The rules live in the database's functions."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, cast
from uuid import UUID

from psycopg import sql as pg
from psycopg.errors import UniqueViolation

from shared import sql
from shared.db import Database
from shared.outcome import Dead, Done, Down, Fate, Retry, Skip, Snooze, Unknown
from shared.queue.tables import Queue, RowT
from shared.retry import retrying

CLAIMS = 4  # tries of a claim that ran into another one for the same chat
SQL = sql.beside(__file__, "queue.sql")
COUNTS = 5  # columns of an exchange's answer that tell of the settlement
FUNCTIONS = ("claim", "settle", "exchange", "sweep", "next_wake")
NAMES: dict[type, str] = {
    type(None): "release",
    Done: "done",
    Snooze: "snooze",
    Dead: "dead",
    Retry: "retry",
    Down: "down",
    Unknown: "unknown",
    Skip: "skip",
}


Ending = tuple[type, int | None, str | None, datetime | None]  # fate, milliseconds, why, when again


class Settlement(NamedTuple):
    """One finished row: its fate (None: given back unsent) and the milliseconds that the send took."""

    id: UUID
    fate: Fate | None
    ms: int | None = None


class Settled(NamedTuple):
    """How many rows of a settlement went which way; fewer than were handed in if a lease was lost."""

    settled: int
    done: int
    again: int
    dead: int
    queue_open: bool


class Store(Generic[RowT]):
    """The statements of one queue for one holder of leases, a run."""

    def __init__(
        self, db: Database, queue: Queue[RowT], token: UUID, delays: list[timedelta] | None, run: UUID
    ) -> None:
        self.db, self.queue, self.token, self.delays, self.run = db, queue, token, delays, run
        columns = pg.SQL(", ").join(
            pg.SQL("{}::text" if name in queue.unread else "{}").format(pg.Identifier(name)) for name in queue.columns
        )
        self._claim = self._composed(SQL.claim, columns=columns)
        self._settle = self._composed(SQL.settle)
        self._exchange = self._composed(SQL.exchange)
        self._sweep = self._composed(SQL.sweep)
        self._next_wake = self._composed(SQL.next_wake)

    async def claim(
        self, limit: int, lease: float, *, job: str | None, trigger: str, pulse: str | None = None
    ) -> list[RowT]:
        """Lease up to `limit` due rows for `lease` seconds.

        Args:
            job: opens the run's history row if there are any.
            pulse: the job of which this is the first statement of a pass.
        """
        asked = {"limit": limit, "lease": lease, "job": job, "trigger": trigger, "pulse": pulse}
        rows = await self._claimed(self._claim, **asked)
        make = self.queue.make
        return [make(*row) for row in rows]

    async def settle(self, settlements: Sequence[Settlement]) -> Settled:
        """Write fates. Safe to repeat: what is settled is no longer held by our token."""
        [row] = await self.db.tuples(self._settle, repeatable=True, token=self.token, **self._settling(settlements))
        return Settled(*row)

    async def exchange(
        self, settlements: Sequence[Settlement], limit: int, lease: float, *, job: str | None, trigger: str
    ) -> tuple[Settled, list[RowT]]:
        """Write fates and lease due rows in one round trip and one transaction."""
        asked = {"limit": limit, "lease": lease, "job": job, "trigger": trigger}
        rows = await self._claimed(self._exchange, **asked, **self._settling(settlements))
        make = self.queue.make
        claimed = [make(*row[COUNTS:]) for row in rows if row[COUNTS] is not None]
        return Settled(*rows[0][:COUNTS]), claimed

    async def sweep(self) -> int:
        """Free chats in which rows wait for one that is gone; how many. No question where nothing waits for another."""
        row = await self.db.row(self._sweep, repeatable=True) if self.queue.ordered else None
        return row["chats"] if row else 0

    async def next_wake(self) -> float | None:
        """Seconds until a row wants attention (negative: since when); None if none does."""
        row = await self.db.row(self._next_wake, repeatable=True)
        return row["seconds"] if row else None

    async def _claimed(self, statement: bytes, **values: Any) -> list[tuple[Any, ...]]:
        """Run a statement that claims.

        An earlier reply that was inserted while another worker claimed a later one of its chat meets the table's
        unique index: the statement did nothing then, and the next one sees the chat as busy.
        """
        values |= {"token": self.token, "run": self.run}
        return await retrying(lambda: self.db.tuples(statement, **values), CLAIMS, UniqueViolation)

    def _settling(self, settlements: Sequence[Settlement]) -> dict[str, Any]:
        return {"fates": written(settlements, self.run), "delays": self.delays}

    def _composed(self, statement: sql.Named, **parts: pg.Composable) -> sql.Named:
        functions = {name: pg.Identifier(f"{name}_{self.queue.table}") for name in FUNCTIONS}
        text = pg.SQL(cast("Any", statement.decode()))
        composed = text.format(due=pg.SQL(self.queue.due), **functions, **parts).as_bytes()
        return sql.Named(composed, f"{statement.name} {self.queue.table}")


def written(settlements: Sequence[Settlement], run: UUID) -> str:
    """Fates as the database's function takes them: one JSON object for all rows that ended alike."""
    alike: dict[Ending, list[Settlement]] = {}
    for each in settlements:
        alike.setdefault(ending(each), []).append(each)
    return json.dumps([group(how, rows, run) for how, rows in alike.items()])


def ending(settlement: Settlement) -> Ending:
    """All that a row's end is beside its id and its receipt."""
    fate = settlement.fate
    if fate is None or isinstance(fate, Done):
        return type(fate), settlement.ms, None, None
    return type(fate), settlement.ms, fate.why, fate.until if isinstance(fate, Snooze) else None


def group(how: Ending, rows: Sequence[Settlement], run: UUID) -> dict[str, Any]:
    """Rows that ended alike; `attempt` goes into the history of each as it stands."""
    kind, ms, why, until = how
    attempt = {"fate": NAMES[kind], "run": str(run), "ms": ms, "why": None if why is None else kept(why)}
    told: dict[str, Any] = {
        "ids": f"{{{','.join([row.id.hex for row in rows])}}}",
        "attempt": {name: value for name, value in attempt.items() if value is not None},
    }
    if until is not None:
        told["again"] = until.isoformat()
    if kind is Done:
        receipts = [cast("Done", row.fate).receipt for row in rows]
        if any(receipts):
            told["receipts"] = [receipt and kept(receipt) for receipt in receipts]
    return told


def kept(text: str) -> str:
    """What a provider said, without what PostgreSQL refuses: one such row must not hold up its whole batch."""
    return text.encode(errors="replace").decode().replace("\0", "")
