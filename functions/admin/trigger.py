"""Triggers by hand: a task runs at its own URL, so where and for as long as it always does."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import AwareDatetime, Field

from functions.admin.ask import Asked
from functions.admin.task_call import MARGIN, run_of, send, told
from shared import table
from shared.errors import NotFoundError
from shared.queue.rows import Rows
from shared.task import FIRST, LAST
from shared.web import Call, Response, answer

EARLY = 0.5  # seconds in which a task that refuses, or cannot be reached, has said so
ALIASES = {
    "decay": "apply-decay",
    "summaries": "generate-summaries",
    "delivery": "deliver-responses",
    "emails": "process-email-queue",
    "webhooks": "process-webhook-retries",
    "cleanup": "cleanup-stale",
    "analytics": "refresh-analytics",
    "prune": "prune-analytics",
    "reconcile": "reconcile-stripe",
}


class Waiting(Asked):
    wait: bool = False


class Order(Asked):
    """A tick that was missed can be run late; the default is now."""

    scheduled_for: AwareDatetime = Field(
        default_factory=lambda: datetime.now(UTC),
        ge=FIRST,
        lt=LAST,
    )


async def fire(call: Call) -> Response:
    """Start a task: 202 with the run's id at once, or its own result with `?wait=true`."""
    task, waiting, tick = task_named(call.params["task"]), call.query(Waiting).wait, call.body(Order).scheduled_for
    run = uuid4()
    await Rows(call.resources.db).note(call.caller.name, "trigger", task.name, run_id=str(run))
    sent = send(call, task, tick, run)
    await asyncio.wait({sent}, timeout=patience(call) if waiting else EARLY)
    if not sent.done():
        return answer(standing(task, run, "running"), 202)
    result = told(task, run, sent)
    if waiting:
        return answer(result)
    # A run that was skipped has no row: the one that stands in its place has.
    found = await run_of(call, task, tick) if result["status"] == "skipped" else run
    return answer(standing(task, found, result["status"]) | {"detail": result["detail"]}, 202)


def task_named(name: str) -> table.Entry:
    """A scheduled task by its deployed name or its short name.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    tasks = {entry.name: entry for entry in table.tasks()}
    found = tasks.get(name) or tasks.get(ALIASES.get(name, ""))
    if found is None:
        raise NotFoundError(f"There is no task {name!r}. There are: {', '.join(tasks)}.")
    return found


def patience(call: Call) -> float:
    """Seconds for which we can wait ourselves; a task that takes longer is answered as one that goes on."""
    left = call.request.seconds_left or call.resources.settings.timeout_seconds
    return max(EARLY, left - MARGIN)


def standing(task: table.Entry, run: UUID | None, status: str) -> dict[str, Any]:
    return {"run_id": run, "job": task.name, "status": status, "status_url": f"/admin/runs/{run}" if run else None}
