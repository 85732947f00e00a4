"""What providers have told by webhook, for people: listed, looked into, processed again."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared import sql
from shared.db import Row, Session
from shared.errors import ConflictError, NotFoundError

SQL = sql.beside(__file__, "webhook_events.sql")
LOOK = 5_000  # events that one page looks at, at most
OPEN = ("received", "failed")
Provider = Literal["stripe", "ses", "resend"]
State = Literal["received", "processed", "ignored", "failed"]


class Which(BaseModel):
    """Which events are meant.

    Attributes:
        name: the provider's id of an event (`evt_…`) or of what it is about (`cs_…`, a mail's message id).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Provider | None = None
    type: str | None = Field(None, max_length=255, pattern=r"^[^\x00]*$")
    status: State | None = None
    name: str | None = Field(None, max_length=255, pattern=r"^[^\x00]*$")


class WebhookEvents:
    """Reads of `webhook_events`, and the one act on them."""

    def __init__(self, db: Session) -> None:
        self.db = db

    async def page(self, which: Which, limit: int, before: UUID | None) -> tuple[list[Row], UUID | None]:
        """Events older than `before`, newest first, and where the next page begins; a page may be short, even empty."""
        among = {"provider": which.provider, "type": which.type, "status": which.status, "before": before}
        if which.name:
            return await self.db.rows(SQL.by_name, name=which.name, limit=limit, repeatable=True, **among), None
        if which.status in OPEN:
            found = await self.db.rows(SQL.open, limit=limit, repeatable=True, **among)
            return found, after(found, limit)
        looked = await self.db.rows(SQL.page, limit=limit, look=LOOK, repeatable=True, **among)
        until, at = looked[0].get("looked_until"), looked[0].get("looked_at")
        found = [without(row) for row in looked if row["id"]]
        return found, after(found, limit) or (until if at == LOOK else None)

    async def one(self, identifier: UUID, *, reveal: bool) -> Row:
        """One event; its body is described by its length unless `reveal`.

        Raises:
            NotFoundError: there is none of that id.
        """
        found = await self.db.row(SQL.one, id=identifier, repeatable=True)
        if found is None:
            raise NotFoundError("There is no event of that id. Events are kept for 90 days.")
        return found if reveal else found | {"raw_body": f"{len(found['raw_body'])} characters"}

    async def redeliver(self, identifier: UUID, actor: str) -> UUID:
        """Process one of Stripe's events again: the id of its row in `webhook_retry_queue`. Recorded.

        Raises:
            NotFoundError: there is none of that id.
            ConflictError: it is no event that can be processed again; says why.
        """
        event = await self.one(identifier, reveal=False)
        row = await self.db.row(SQL.redeliver, id=identifier, actor=actor) or {}
        if row.get("retry_id"):
            return UUID(str(row["retry_id"]))
        if event["provider"] != "stripe":
            raise ConflictError("What a mail provider told was done as it came in; there is nothing to process again.")
        raise ConflictError(f"Nothing is done for events of the type {event['event_type']}.")


def after(found: list[Row], limit: int) -> UUID | None:
    """Where the next page begins, if this one is full."""
    return found[-1]["id"] if len(found) == limit else None


def without(row: Row) -> Row:
    return {name: value for name, value in row.items() if not name.startswith("looked_")}
