"""What the queues hold, for people: depths, pages, single rows. Personal data is masked unless asked for."""

from typing import Any, cast
from uuid import UUID

from psycopg import sql as pg
from psycopg.types.json import Jsonb

from shared import sql
from shared.db import Row, Session
from shared.errors import NotFoundError
from shared.queue import display

SQL = sql.beside(__file__, "rows.sql")
CAP = 10_000  # rows that a count looks at; more are "10000+"
NAMES = {
    "replies": "pending_responses",
    "emails": "email_queue",
    "webhooks": "webhook_retry_queue",
    "alerts": "alert_queue",
    "pushes": "push_queue",
}
STATUSES = {
    "pending_responses": ("pending", "processing", "delivered", "failed", "discarded"),
    "email_queue": ("pending", "processing", "sent", "suppressed", "dead_letter", "discarded"),
    "webhook_retry_queue": ("pending", "processing", "processed", "dead_letter", "discarded"),
    "alert_queue": ("pending", "processing", "sent", "dead_letter", "discarded"),
    "push_queue": ("pending", "processing", "sent", "suppressed", "dead_letter", "discarded"),
}
# The view whose index finds the rows of a status; the others are found by going back in time.
VIEWS = {"pending": "live_rows", "processing": "live_rows", "failed": "dead_rows", "dead_letter": "dead_rows"}
COUNTS = ("live", "due", "dead")


def table_of(name: str) -> str:
    """The table of a queue by its name or its short name.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    table = NAMES.get(name, name)
    if table not in STATUSES:
        raise NotFoundError(f"There is no queue {name!r}. There are: {', '.join(STATUSES)}.")
    return table


def capped(count: int, cap: int) -> int | str:
    return count if count <= cap else f"{cap}+"


class Rows:
    """Reads of all queue tables."""

    def __init__(self, db: Session) -> None:
        self.db = db

    async def depths(self, queue: str | None = None, cap: int | None = None) -> list[Row]:
        """Depth, breaker, pause and next wake of one queue or of each; counts end at `cap`, `CAP` as a rule."""
        most = CAP if cap is None else cap
        rows = await self.db.rows(SQL.depths, queue=queue, cap=most, repeatable=True)
        return [row | {name: capped(row[name], most) for name in COUNTS} for row in rows]

    async def due(self, queue: str, most: int) -> int:
        """Rows that a claim would find now, counted up to `most`."""
        row = await self.db.row(SQL.due, queue=queue, most=most, repeatable=True)
        return row["rows"] if row else 0

    async def page(self, queue: str, status: str | None, limit: int, before: UUID | None, *, reveal: bool) -> list[Row]:
        """Rows older than `before`, newest first."""
        view = pg.Identifier(VIEWS.get(status or "", "queue_rows"))
        statement = pg.SQL(cast("Any", SQL.page.decode())).format(rows=view)
        rows = await self.db.rows(statement, queue=queue, status=status, limit=limit, before=before, repeatable=True)
        return [shown(queue, row, reveal=reveal) for row in rows]

    async def one(self, queue: str, identifier: UUID, *, reveal: bool) -> Row:
        """One row, its history, and why it has not gone out.

        Raises:
            NotFoundError: there is none of that id.
        """
        row = await self.db.row(SQL.one, queue=queue, id=identifier, repeatable=True)
        if row is None:
            raise NotFoundError(f"There is no row {identifier} in {queue}.")
        return shown(queue, row, reveal=reveal)

    async def pause(self, queue: str, actor: str) -> None:
        """Stop claims; what is in flight ends. Safe to repeat."""
        await self.db.rows(SQL.pause, queue=queue, actor=actor, repeatable=True)

    async def resume(self, queue: str, actor: str) -> None:
        """Undo `pause`. Safe to repeat."""
        await self.db.rows(SQL.resume, queue=queue, actor=actor, repeatable=True)

    async def note(self, actor: str, action: str, subject: str, **detail: Any) -> None:
        """Record an act: nothing personal in it."""
        await self.db.rows(SQL.note, actor=actor, action=action, subject=subject, detail=Jsonb(detail))


def shown(queue: str, row: Row, *, reveal: bool) -> Row:
    """A row as people see it; its errors come without addresses in any case."""
    row = row | {"error": row["error"] if row.pop("troubled") else None}
    if reveal:
        return row
    who, what = display.recipient(queue, row["recipient"]), display.content(row["content"])
    return row | {"recipient": who, "content": what}
