"""Dead letters: what killed them; requeue, discard, restore one, or as many as a filter means after a preview."""

from typing import Any

from pydantic import StrictBool

from functions.admin.queues import queue_of
from shared.db import Row
from shared.queue.forecast import forecast
from shared.queue.letters import DISCARDED, Filter, Letters
from shared.queue.rows import CAP, Rows
from shared.queue.waves import Waves
from shared.web import Call, Response, answer


class Act(Filter):
    """A filter; without `confirm` it is only previewed."""

    confirm: StrictBool = False


async def groups(call: Call) -> Response:
    """Dead letters, and rows that are still tried after a failure, by error: counts and an example's id."""
    found = await letters_of(call).groups()
    letters = sum(group["letters"] for group in found)
    return answer({"letters": letters, "looked_at_most_at": CAP, "groups": found})


async def requeue(call: Call) -> Response:
    """Send one again, attempts afresh."""
    await letters_of(call).requeue(call.uuid("row"), call.caller.name)
    return answer({"id": call.uuid("row"), "status": "pending"})


async def discard(call: Call) -> Response:
    """Give one up."""
    await letters_of(call).discard(call.uuid("row"), call.caller.name)
    return answer({"id": call.uuid("row"), "status": "discarded"})


async def restore(call: Call) -> Response:
    """Undo a discard, within 30 days."""
    await letters_of(call).restore(call.uuid("row"), call.caller.name)
    row = await Rows(call.resources.db).one(queue_of(call), call.uuid("row"), reveal=False)
    return answer({"id": row["id"], "status": row["status"]})


async def requeue_many(call: Call) -> Response:
    """Preview, or start, a requeue by filter: 1, then 10, then all (`shared.queue.waves` says how)."""
    asked = call.body(Act)
    chosen = await letters_of(call).chosen(asked)
    if not asked.confirm or not chosen:
        return answer(await preview(call, chosen, asked))
    queue = queue_of(call)
    wave = await Waves(call.resources.db, queue).begin(ids(chosen), call.caller.name, asked.document())
    return answer(wave | {"status_url": f"/admin/queues/{queue}/waves/{wave['id']}"}, 202)


async def discard_many(call: Call) -> Response:
    """Preview, or do, a discard by filter."""
    asked = call.body(Act)
    chosen = await letters_of(call).chosen(asked)
    if not asked.confirm or not chosen:
        return answer(await preview(call, chosen, asked))
    return answer({"discarded": len(await letters_of(call).discard_all(ids(chosen), call.caller.name))})


async def restore_many(call: Call) -> Response:
    """Preview, or do, the undoing of discards by filter; the times of the filter are those of the discards."""
    asked = call.body(Act)
    chosen = await letters_of(call).chosen(asked, DISCARDED)
    if not asked.confirm or not chosen:
        return answer(await preview(call, chosen, asked))
    return answer({"restored": len(await letters_of(call).restore_all(ids(chosen), call.caller.name))})


async def preview(call: Call, chosen: list[Row], which: Filter) -> dict[str, Any]:
    """What confirming would do."""
    queue, resources = queue_of(call), call.resources
    due = await Rows(resources.db).due(queue, CAP)
    return {"preview": True, **forecast(queue, chosen, which, due, resources.settings)}


def letters_of(call: Call) -> Letters:
    return Letters(call.resources.db, queue_of(call))


def ids(rows: list[Row]) -> list[Any]:
    return [row["id"] for row in rows]
