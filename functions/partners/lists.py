"""Pages of partners and of requests that wait for an answer."""

from typing import Literal

from shared import sql
from shared.paging import Cursor, Page, cursor
from shared.web import Call, Response, answer

SQL = sql.beside(__file__, "lists.sql")


class Partners(Page):
    before: Cursor | None = None


class Requests(Partners):
    """`incoming`: others asked; `outgoing`: the player did."""

    direction: Literal["incoming", "outgoing"] | None = None


async def partners(call: Call) -> Response:
    """A page of the player's partners, the latest request first; `next_before` leads to the next page."""
    asked = call.query(Partners)
    return answer(await page(call, "partners", asked, "accepted", None))


async def requests(call: Call) -> Response:
    """A page of requests from and to the player that nobody has answered, the newest first."""
    asked = call.query(Requests)
    return answer(await page(call, "requests", asked, "pending", asked.direction))


async def page(call: Call, noun: str, asked: Partners, status: str, direction: str | None) -> dict[str, object]:
    at, identifier = asked.before or (None, None)
    rows = await call.resources.db.rows(
        SQL.page,
        user=call.user,
        status=status,
        direction=direction,
        before_at=at,
        before_id=identifier,
        limit=asked.limit,
        repeatable=True,
    )
    full = len(rows) == asked.limit
    return {noun: rows, "next_before": cursor(rows[-1]["requested_at"], rows[-1]["id"]) if full else None}
