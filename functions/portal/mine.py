"""What a player sees of themselves."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from shared import sql
from shared.errors import NotFoundError
from shared.web import Call, Response, answer

SQL = sql.beside(__file__)


class Scores(BaseModel):
    """`days`: how far back, in days of 24 hours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(30, ge=1, le=366)


class Recaps(BaseModel):
    """`before`: `next_before` of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(10, ge=1, le=50)
    before: date | None = None


async def profile(call: Call) -> Response:
    """Name, game and metrics; no address and no number of theirs, which the page has no use for."""
    row = await call.resources.db.row(SQL.profile, user=call.user, repeatable=True)
    if row is None:
        raise NotFoundError("There is no such player any more. Sign in again.")
    return answer(row)


async def scores(call: Call) -> Response:
    """The score at the end of each day on which it changed, oldest first, in days of the player's own time zone."""
    asked = call.query(Scores)
    return answer({"days": await call.resources.db.rows(SQL.scores, user=call.user, days=asked.days, repeatable=True)})


async def recaps(call: Call) -> Response:
    """A page of recaps, newest first; `next_before` leads to the next page."""
    asked = call.query(Recaps)
    # One more than asked for tells whether there is a next page.
    rows = await call.resources.db.rows(
        SQL.recaps, user=call.user, before=asked.before, limit=asked.limit + 1, repeatable=True
    )
    shown = rows[: asked.limit]
    return answer({"recaps": shown, "next_before": shown[-1]["day"] if len(rows) > len(shown) else None})
