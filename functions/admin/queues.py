"""The queues as they stand: depths, rows, why a row has not gone out; pause and resume."""

from shared.paging import Reveal
from shared.queue.rows import Rows, table_of
from shared.web import Call, Response, answer


async def overview(call: Call) -> Response:
    """Every queue: live, due and dead rows, breaker, pause, next wake."""
    return answer({"queues": await Rows(call.resources.db).depths()})


async def depth(call: Call) -> Response:
    """One queue of the overview."""
    [row] = await Rows(call.resources.db).depths(queue_of(call))
    return answer(row)


async def one(call: Call) -> Response:
    """One row with its whole history, and in one line why it has not gone out."""
    asked, queue, rows = call.query(Reveal), queue_of(call), Rows(call.resources.db)
    row = await rows.one(queue, call.uuid("row"), reveal=asked.reveal)
    if asked.reveal:
        await rows.note(call.caller.name, "reveal", f"{queue}/{row['id']}")
    return answer(row)


async def pause(call: Call) -> Response:
    """Claim no more of this queue until it is resumed."""
    await Rows(call.resources.db).pause(queue_of(call), call.caller.name)
    return await depth(call)


async def resume(call: Call) -> Response:
    """Undo a pause."""
    await Rows(call.resources.db).resume(queue_of(call), call.caller.name)
    return await depth(call)


def queue_of(call: Call) -> str:
    """The queue that the path names.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    return table_of(call.params["queue"])
