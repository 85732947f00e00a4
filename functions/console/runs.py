"""What tasks have done: their runs, found by job, status, trigger and time, and each of them."""

from typing import Any, get_args

from functions.console.page import DONE, read, show
from functions.console.view import ROWS, View, further
from shared import table
from shared.errors import NotFoundError
from shared.last_good import Known
from shared.pages.forms import Moment
from shared.paging import Cursor, cursor
from shared.runs import Runs, Status, Which
from shared.web import Call, Response

TRIGGERS = ("schedule", "admin", "manual", "fan-out")
TRAIL = (("Runs", "/console/runs"),)


class Asked(View, Which):
    since: Moment | None = None
    until: Moment | None = None
    before: Cursor | None = None


async def page(call: Call) -> Response:
    """A page of runs, newest first."""
    asked = call.query(Asked)
    runs = await read(call, "runs", lambda db: Runs(db).page(asked, ROWS, asked.before))
    last = runs.value[-1] if len(runs.value) == ROWS else None
    return show(
        call,
        "runs.html",
        title="Runs",
        section="Runs",
        known=(runs,),
        runs=runs.value,
        older=further(call, before=cursor(last["started_at"], last["id"])) if last else None,
        jobs=[task.name for task in table.tasks()],
        statuses=get_args(Status),
        triggers=TRIGGERS,
    )


async def one(call: Call) -> Response:
    """One run, from its beginning to its end."""
    identifier = call.uuid("run")
    known = await begun(call, identifier)
    run = known.value if known else None
    title, seen = f"Run of {run['job']}" if run else "A run that begins", (known,) if known else ()
    return show(call, "run.html", title=title, section="Runs", trail=TRAIL, known=seen, run=run, id=identifier)


async def begun(call: Call, identifier: Any) -> Known[Any] | None:
    """The run; None while one that was just started has no row yet.

    Raises:
        NotFoundError: there is none of that id.
    """
    try:
        return await read(call, "run", lambda db: Runs(db).one(identifier))
    except NotFoundError:
        if DONE in call.request.query:
            return None
        raise
