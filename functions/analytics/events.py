"""What players' apps report: batches of events, each taken in once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from shared import sql
from shared.errors import NotFoundError, TooManyRequestsError
from shared.limits import Permit
from shared.paging import UNPRINTABLE, written
from shared.web import Call, Response, answer

BATCH = 500  # events of one call at most
CALLS, WINDOW = 60, 60.0  # calls of one player in so many seconds
AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=30)  # how far from now a device's clock, or a kept event, may be
SIZE = 4096  # bytes of an event's metadata, as JSON
SQL = sql.beside(__file__)


def recent(at: datetime) -> datetime:
    if not -BEHIND <= at - datetime.now(UTC) <= AHEAD:
        raise ValueError(f"is more than {BEHIND.days} days old, or in the future")
    return at


def small(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    text = json.dumps(metadata, ensure_ascii=False)
    if len(text.encode(errors="replace")) > SIZE:
        raise ValueError(f"takes more than {SIZE} bytes")
    if r"\u0000" in text or UNPRINTABLE.search(text):
        raise ValueError("holds a control character")
    return metadata


Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(written)]


class Event(BaseModel):
    """One event.

    Attributes:
        id: the client's own name of it: the same one again, within 30 days, is passed over.
        created_at: when it happened by the client's clock; now unless told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    session_id: Name
    event_type: str = Field(pattern=r"^[a-z][a-z0-9_]{0,99}$")
    metadata: Annotated[dict[str, JsonValue], AfterValidator(small)] = {}
    created_at: Annotated[AwareDatetime, AfterValidator(recent)] = Field(default_factory=lambda: datetime.now(UTC))


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    events: list[Event] = Field(min_length=1, max_length=BATCH)


async def take(call: Call) -> Response:
    """Take a batch in: 202 with how many were new, and how many had been here before."""
    user, events = call.user, call.body(Batch).events
    await within_limits(call, user)
    try:
        row = await call.resources.db.row(SQL.take, repeatable=True, user=user, events=Jsonb(rows(events)))
    except psycopg.errors.ForeignKeyViolation:
        raise NotFoundError("There is no such user any more. Sign in again.") from None
    accepted = row["accepted"] if row else 0
    return answer({"accepted": accepted, "duplicates": len(events) - accepted}, 202)


async def within_limits(call: Call, user: UUID) -> None:
    """Take the permit of one call.

    Raises:
        TooManyRequestsError: the player's app has called too often; says when to call again.
    """
    [wait] = await call.resources.limiter.reserve([[Permit(f"events:{user}", CALLS, WINDOW)]])
    if wait > 0:
        raise TooManyRequestsError("Too many calls: send more events at once.", retry_after=int(wait) + 1)


def rows(events: list[Event]) -> list[dict[str, Any]]:
    return [event.model_dump(mode="json") for event in events]
