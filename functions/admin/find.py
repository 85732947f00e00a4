"""Rows of a queue, by what is known of them."""

from uuid import UUID

from functions.admin.queues import queue_of
from shared.paging import Page, Reveal
from shared.queue.rows import Rows
from shared.queue.search import Search, Sought, search
from shared.web import Call, Response, answer

WITHIN = 3.0  # seconds that the server gives a search
PAGING = {"limit", "before", "reveal"}


class Listing(Search, Reveal, Page):
    """A page of what a search finds."""

    before: UUID | None = None


class Wanted(Sought, Listing):
    """Also what has no place in a URL, which logs keep."""


async def page(call: Call) -> Response:
    """A page of rows, newest first."""
    return await found(call, call.query(Listing))


async def by_body(call: Call) -> Response:
    """The same by whom a row is for, or by its key."""
    return await found(call, call.body(Wanted))


async def found(call: Call, asked: Listing) -> Response:
    """The rows; showing what they say is recorded."""
    queue, db = queue_of(call), call.resources.db
    kind = Sought if isinstance(asked, Wanted) else Search
    which = kind.model_validate(asked.model_dump(exclude=PAGING, exclude_none=True))
    async with db.bounded(WITHIN) as session:
        rows = await search(session, queue, which, asked.limit, asked.before, reveal=asked.reveal)
    if asked.reveal:
        await Rows(db).note(call.caller.name, "reveal", queue, rows=[str(row["id"]) for row in rows.rows])
    return answer(rows.model_dump())
