"""What a player sees of themselves."""

from datetime import date

from pydantic import Field

from shared import sql
from shared.errors import NotFoundError
from shared.paging import Asked, Page
from shared.web import Call, Response, answer

SQL = sql.beside(__file__)


class Scores(Asked):
    """`days`: how far back, in days of 24 hours."""

    days: int = Field(30, ge=1, le=366)


class Recaps(Page):
    before: date | None = None


async def profile(call: Call) -> Response:
    """The player's name, game and metrics; no address and no number of theirs, which the page has no use for.

    Raises:
        NotFoundError: they are no player any more.
    """
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
