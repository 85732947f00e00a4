"""The queues' statements: claim, settle, next wake. The rules themselves live in the database's functions."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Generic, LiteralString, TypeVar, cast
from uuid import UUID

from psycopg import sql as pg
from psycopg.errors import UniqueViolation

from shared import sql
from shared.db import Database
from shared.outcome import Dead, Done, Down, Fate, Retry, Skip, Snooze, Unknown
from shared.retry import retrying

CLAIMS = 4  # tries of a claim that ran into another one for the same chat
SQL = sql.beside(__file__, "queue.sql")
RowT = TypeVar("RowT", bound="Claimed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What every claimed row has."""

    id: UUID
    possible_duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Claimed):
    user_id: UUID
    telegram_chat_id: int
    response_text: str
    scheduled_at: datetime
    retry_count: int
    parts_sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Claimed):
    to_email: str
    subject: str
    html: str | None
    text: str | None
    from_email: str | None
    reply_to: str | None
    headers: dict[str, Any]
    email_type: str
    metadata: dict[str, Any]
    attempts: int
    idempotency_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRetry(Claimed):
    webhook_type: str
    webhook_event_id: str
    payload: Any
    headers: dict[str, Any]
    metadata: dict[str, Any]
    attempts: int


@dataclass(frozen=True)
class Queue(Generic[RowT]):
    """One queue table.

    Attributes:
        row: the type of its rows.
        delays: the setting that overrides its ladder of delays.
        ordered: whether rows wait for earlier ones of their chat.
    """

    table: LiteralString
    row: type[RowT]
    delays: str
    ordered: bool = False


REPLIES = Queue("pending_responses", Reply, "reply_retry_delays", ordered=True)
EMAILS = Queue("email_queue", Email, "email_retry_delays")
WEBHOOKS = Queue("webhook_retry_queue", WebhookRetry, "webhook_retry_delays")


@dataclass(frozen=True, slots=True)
class Settlement:
    """One finished row: its fate (None: given back unsent) and the milliseconds that the send took."""

    id: UUID
    fate: Fate | None
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """How many rows of a settlement went which way; fewer than were handed in if a lease was lost."""

    settled: int
    done: int
    again: int
    dead: int
    queue_open: bool


class Store(Generic[RowT]):
    """The statements of one queue for one holder of leases."""

    def __init__(self, db: Database, queue: Queue[RowT], token: UUID, delays: list[timedelta] | None) -> None:
        self.db, self.queue, self.token, self.delays = db, queue, token, delays
        columns = pg.SQL(", ").join(pg.Identifier(field.name) for field in fields(queue.row))
        self._claim = self._composed(SQL.claim, claim="claim", columns=columns)
        self._settle = self._composed(SQL.settle, settle="settle")
        self._sweep = self._composed(SQL.sweep, sweep="sweep")
        self._next_wake = self._composed(SQL.next_wake, next_wake="next_wake")

    async def claim(self, limit: int, lease: float, *, run: UUID, job: str | None, trigger: str) -> list[RowT]:
        """Lease up to `limit` due rows for `lease` seconds; `job` opens the run's history row if there are any.

        An earlier reply that was inserted while another worker claimed a later one of its chat meets the table's
        unique index: the claim took nothing then, and the next one sees the chat as busy.
        """
        rows = await retrying(
            lambda: self.db.rows(
                self._claim, limit=limit, token=self.token, lease=lease, run=run, job=job, trigger=trigger
            ),
            CLAIMS,
            UniqueViolation,
        )
        return [self.queue.row(**row) for row in rows]

    async def settle(self, settlements: Sequence[Settlement]) -> Settled:
        """Write fates. Safe to repeat: what is settled is no longer held by our token."""
        written = [_written(settlement.fate) for settlement in settlements]
        row = await self.db.row(
            self._settle,
            repeatable=True,
            token=self.token,
            id=[settlement.id for settlement in settlements],
            fate=[w[0] for w in written],
            why=[_storable(w[1]) for w in written],
            again=[w[2] for w in written],
            receipt=[_storable(w[3]) for w in written],
            ms=[settlement.ms for settlement in settlements],
            delays=self.delays,
        )
        return Settled(**(row or {}))

    async def sweep(self) -> int:
        """Free chats in which rows wait for one that is gone; how many. No question where nothing waits for another."""
        row = await self.db.row(self._sweep, repeatable=True) if self.queue.ordered else None
        return row["chats"] if row else 0

    async def next_wake(self) -> float | None:
        """Seconds until a row wants attention (negative: since when); None if none does."""
        row = await self.db.row(self._next_wake, repeatable=True)
        return row["seconds"] if row else None

    def _composed(self, statement: bytes, **names: Any) -> pg.Composed:
        named = {
            key: pg.Identifier(f"{value}_{self.queue.table}") if isinstance(value, str) else value
            for key, value in names.items()
        }
        return pg.SQL(cast("Any", statement.decode())).format(**named)


def _written(fate: Fate | None) -> tuple[str, str | None, datetime | None, str | None]:
    """A fate as the database's function takes it: its name, why, until when, the provider's receipt."""
    match fate:
        case None:
            return "release", None, None, None
        case Done(receipt):
            return "done", None, None, receipt
        case Snooze(until, why):
            return "snooze", why, until, None
        case Dead(why) | Retry(why) | Down(why) | Unknown(why) | Skip(why):
            return type(fate).__name__.lower(), why, None, None


def _storable(text: str | None) -> str | None:
    """What a provider said, without what PostgreSQL refuses: one such row must not hold up its whole batch."""
    return text and text.encode(errors="replace").decode().replace("\0", "")
