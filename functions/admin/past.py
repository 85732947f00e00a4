"""How a queue stood over time, and how fast its rows go out."""

from functions.admin.queues import queue_of
from shared.paging import Asked
from shared.queue import samples
from shared.web import Call, Response, answer


class Since(Asked):
    period: samples.Period = "1h"


async def page(call: Call) -> Response:
    """The steps of a period, oldest first, and what went out and died a minute in the last hour."""
    period, queue, db = call.query(Since).period, queue_of(call), call.resources.db
    steps = await samples.series(db, queue, period)
    return answer({"period": period, "steps": steps, **await samples.rates(db, queue)})
