"""Requeues under way. Looking at one also advances it: see `shared.queue.waves`."""

from uuid import UUID

from functions.admin.queues import queue_of
from shared.paging import Page
from shared.queue.waves import Waves
from shared.web import Call, Response, answer


class Listing(Page):
    before: UUID | None = None


async def page(call: Call) -> Response:
    """A page of requeues, newest first; these are not advanced."""
    asked = call.query(Listing)
    found = await Waves(call.resources.db, queue_of(call)).latest(asked.limit, asked.before)
    return answer({"waves": found, "next_before": found[-1]["id"] if len(found) == asked.limit else None})


async def show(call: Call) -> Response:
    """How a requeue stands, after the next step of 1, 10, all if its time has come."""
    return answer(await Waves(call.resources.db, queue_of(call)).advance(call.uuid("wave")))


async def stop(call: Call) -> Response:
    """End it by hand; what has not been tried yet goes back to the dead letters."""
    return answer(await Waves(call.resources.db, queue_of(call)).stop(call.uuid("wave"), call.caller.name))
