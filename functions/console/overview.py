"""The first page: every task and every queue at a glance."""

from functions.console.page import read, show
from shared.queue.rows import Rows
from shared.web import Call, Response


async def page(call: Call) -> Response:
    """Tasks and queues as they stand."""
    queues = await read(call, "queues", lambda db: Rows(db).depths())
    return show(call, "overview.html", title="Overview", section="Overview", known=(queues,), queues=queues.value)
