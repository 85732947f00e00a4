"""What has happened: runs of tasks, acts of operators."""

from uuid import UUID

from shared import audit
from shared.paging import Cursor, Page, cursor
from shared.runs import Runs, Which
from shared.web import Call, Response, answer


class Asked(Page, Which):
    before: Cursor | None = None


class Acts(Page, audit.Which):
    before: UUID | None = None


async def runs(call: Call) -> Response:
    """A page of runs, newest first; `next_before` leads to the next page."""
    asked = call.query(Asked)
    rows = await Runs(call.resources.db).page(asked, asked.limit, asked.before)
    full = len(rows) == asked.limit
    return answer({"runs": rows, "next_before": cursor(rows[-1]["started_at"], rows[-1]["id"]) if full else None})


async def run(call: Call) -> Response:
    """One run, with its log."""
    return answer(await Runs(call.resources.db).one(call.uuid("run")))


async def acts(call: Call) -> Response:
    """A page of acts, newest first."""
    asked = call.query(Acts)
    rows = await audit.acts(call.resources.db, asked, asked.limit, asked.before)
    return answer({"acts": rows, "next_before": rows[-1]["id"] if len(rows) == asked.limit else None})
