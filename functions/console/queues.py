"""The queues: all of them, and one with its past, what ails it, and the switch that pauses it."""

from typing import Any

from functions.console import plots
from functions.console.page import DONE, read, show, to
from functions.console.view import View
from shared.db import Row, Session
from shared.queue import samples
from shared.queue.letters import Letters
from shared.queue.rows import STATUSES, Rows, table_of
from shared.queue.search import Search, search
from shared.web import Call, Response

HERE = "/console/queues"
TRAIL = (("Queues", HERE),)
SHOWN = 10  # of the newest rows
CAP = 1_000  # rows that a count looks at; "1000+" says as much to people
COUNTED = 500  # rows of each error that are counted


class Asked(View):
    period: samples.Period = "1h"


async def page(call: Call) -> Response:
    """Each queue with its last hour."""
    known = await read(call, "queues", standing)
    return show(call, "queues.html", title="Queues", section="Queues", known=(known,), queues=known.value, plots=plots)


async def one(call: Call) -> Response:
    """One queue."""
    queue, period = table_of(call.params["queue"]), call.query(Asked).period
    known = await read(call, "queue", lambda db: look(db, queue, period))
    return show(
        call,
        "queue.html",
        title=queue,
        section="Queues",
        trail=TRAIL,
        known=(known,),
        place=f"{HERE}/{queue}",
        period=period,
        periods=samples.PERIODS,
        statuses=STATUSES[queue],
        charts=plots.of(known.value["past"], period),
        **known.value,
    )


async def pause(call: Call) -> Response:
    """Claim no more until it is resumed."""
    queue = table_of(call.params["queue"])
    await Rows(call.resources.db).pause(queue, call.caller.name)
    return to(f"{HERE}/{queue}?{DONE}=paused")


async def resume(call: Call) -> Response:
    """Undo a pause."""
    queue = table_of(call.params["queue"])
    await Rows(call.resources.db).resume(queue, call.caller.name)
    return to(f"{HERE}/{queue}?{DONE}=resumed")


async def standing(db: Session) -> list[Row]:
    """Each queue as it stands, with the steps of its last hour."""
    depths = await Rows(db).depths(cap=CAP)
    return [depth | {"past": await samples.series(db, depth["queue"], "1h")} for depth in depths]


async def look(db: Session, queue: str, period: samples.Period) -> dict[str, Any]:
    """All that the page of one queue shows."""
    [depth] = await Rows(db).depths(queue, CAP)
    return {
        "queue": depth | await samples.rates(db, queue),
        "past": await samples.series(db, queue, period),
        "groups": await Letters(db, queue).groups(COUNTED),
        "rows": (await search(db, queue, Search(), SHOWN)).rows,
    }
