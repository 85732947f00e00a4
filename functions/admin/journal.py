"""What has happened: runs of tasks, acts of operators."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from functions.admin.ask import Cursor, Page, cursor
from shared import sql
from shared.errors import NotFoundError
from shared.web import Call, Response, answer

SQL = sql.beside(__file__)


class Runs(Page):
    job: str | None = Field(None, pattern=r"^[a-z0-9_-]{1,64}$")
    status: Literal["running", "success", "failed", "skipped"] | None = None
    before: Cursor | None = None


class Audit(Page):
    before: UUID | None = None


async def runs(call: Call) -> Response:
    """A page of runs, newest first; `next_before` leads to the next page."""
    asked = call.query(Runs)
    at, identifier = asked.before or (None, None)
    rows = await call.resources.db.rows(
        SQL.runs,
        job=asked.job,
        status=asked.status,
        before_at=at,
        before_id=identifier,
        limit=asked.limit,
        repeatable=True,
    )
    full = len(rows) == asked.limit
    return answer({"runs": rows, "next_before": cursor(rows[-1]["started_at"], rows[-1]["id"]) if full else None})


async def run(call: Call) -> Response:
    """One run."""
    row = await call.resources.db.row(SQL.run, id=call.uuid("run"), repeatable=True)
    if row is None:
        raise NotFoundError("There is no run of that id. A run that is about to begin has no row yet: ask again.")
    return answer(row)


async def audit(call: Call) -> Response:
    """A page of acts, newest first."""
    asked = call.query(Audit)
    rows = await call.resources.db.rows(SQL.audit, limit=asked.limit, before=asked.before, repeatable=True)
    return answer({"acts": rows, "next_before": rows[-1]["id"] if len(rows) == asked.limit else None})
