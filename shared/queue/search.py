"""Rows of one queue by what is known of them. A search goes by an index and looks at a bounded number of rows."""

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from psycopg import sql as pg
from pydantic import BaseModel, ConfigDict, Field

from shared import sql
from shared.db import Session, Statement
from shared.errors import UnprocessableError
from shared.mailbox import canonical
from shared.queue.letters import Fingerprint, Moment
from shared.queue.rows import STATUSES, VIEWS, shown

SQL = sql.beside(__file__, "search.sql")
MOST = 1_000  # rows that are taken into account at once, the newest; the next page goes on behind them
LOOK = 2_000  # rows of a run's time that are looked at
FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)
CHAT = 1 << 63  # chat ids are whole numbers below it, or above its negative
Wanted = tuple[Statement, dict[str, Any]]


class Search(BaseModel):
    """What is known of the rows; all of it is true of those that are found.

    Attributes:
        fingerprint: of the error, as the groups of errors show it.
        since, until: when the row came in, or how long ago (`24h`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID | None = None
    status: Annotated[str, Field(max_length=32)] | None = None
    fingerprint: Fingerprint | None = None
    run: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class Sought(Search):
    """A search that also knows what has no place in a URL.

    Attributes:
        recipient: an address in any spelling, a chat's id, a webhook's type.
        key: the idempotency key; of a webhook the provider's id of the event.
    """

    recipient: str | None = Field(None, min_length=1, max_length=320, pattern=r"^[^\x00]*$")
    key: str | None = Field(None, min_length=1, max_length=256, pattern=r"^[^\x00]*$")


class Found(BaseModel):
    """A page of rows; a page may be short, even empty, and `next_before` still lead to more."""

    rows: list[dict[str, Any]]
    next_before: UUID | None = None


async def search(
    db: Session, queue: str, which: Search, limit: int, before: UUID | None = None, *, reveal: bool = False
) -> Found:
    """Rows that came in before `before`, newest first.

    Raises:
        UnprocessableError: the queue has no such status.
    """
    if which.status not in (None, *STATUSES[queue]):
        raise UnprocessableError(f"{queue} knows the statuses {', '.join(STATUSES[queue])}.")
    ids = await candidates(db, queue, which, min(before or LAST, earliest(which.until) or LAST))
    asked = {"status": which.status, "recipient": recipient(queue, which), "fingerprint": which.fingerprint}
    rows = await db.rows(SQL.among, queue=queue, ids=ids, run=which.run, limit=limit, repeatable=True, **asked)
    more = rows[-1]["id"] if len(rows) == limit else ids[-1] if len(ids) == MOST else None
    return Found(rows=[shown(queue, row, reveal=reveal) for row in rows], next_before=more)


async def candidates(db: Session, queue: str, which: Search, before: UUID) -> list[UUID]:
    """The newest rows of the one thing known that leaves the fewest."""
    if which.id:
        return [which.id] if which.id < before else []
    among = {"after": earliest(which.since) or FIRST, "before": before}
    if which.status in VIEWS and (few := await few_of(db, queue, which.status, among)) is not None:
        return few
    personal = sought(queue, which) if isinstance(which, Sought) else None
    statement, values = personal or narrowest(queue, which)
    found = await db.rows(statement, most=MOST, repeatable=True, **among, **values)
    return [row["id"] for row in found]


async def few_of(db: Session, queue: str, status: str, among: dict[str, UUID]) -> list[UUID] | None:
    """All rows of a status that somebody has to deal with, newest first; None: there are too many to be sorted."""
    statement = filled(SQL.few, {"rows": VIEWS[status]})
    found = await db.rows(statement, queue=queue, most=MOST, repeatable=True, **among)
    if len(found) == MOST:
        return None
    return sorted((row["id"] for row in found if row["status"] == status), reverse=True)


def sought(queue: str, which: Sought) -> Wanted | None:
    """The statement that finds the candidates by key or recipient, and what it wants to know."""
    if which.key and queue == "webhook_retry_queue":
        return SQL.by_event, {"key": which.key}
    if which.key:
        return filled(SQL.by_key, {"queue": queue}), {"key": which.key}
    if which.recipient and queue == "email_queue":
        return SQL.by_address, {"recipient": recipient(queue, which)}
    if which.recipient and queue == "pending_responses":
        return SQL.by_chat, {"recipient": chat(which.recipient)}
    return None


def narrowest(queue: str, which: Search) -> Wanted:
    """The same by anything else."""
    if which.run:
        return SQL.by_run, {"queue": queue, "run": which.run, "look": LOOK}
    if which.fingerprint:
        return SQL.by_error, {"queue": queue, "fingerprint": which.fingerprint}
    if which.status == "processing":
        return SQL.under_way, {"queue": queue, "look": LOOK}
    return SQL.latest, {"queue": queue}


def recipient(queue: str, which: Search) -> str | None:
    """Who it is for, as the queue's rows have it."""
    if not isinstance(which, Sought) or which.recipient is None:
        return None
    return canonical(which.recipient) if queue == "email_queue" else which.recipient.strip()


def chat(text: str) -> int | None:
    """A chat's id; None for what is none."""
    sign, digits = text.strip()[:1] == "-", text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or int(digits) >= CHAT:
        return None
    return -int(digits) if sign else int(digits)


def earliest(at: datetime | None) -> UUID | None:
    """The first id that a row of that moment may have: it begins with its milliseconds since 1970 (RFC 9562)."""
    return UUID(int=max(0, round(at.timestamp() * 1000)) << 80) if at else None


def filled(statement: bytes, names: dict[str, str]) -> pg.Composed:
    places = {name: pg.Identifier(value) for name, value in names.items()}
    return pg.SQL(cast("Any", statement.decode())).format(**places)
