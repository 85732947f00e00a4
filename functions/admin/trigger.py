"""Triggers by hand: a task runs at its own URL, so where and for as long as it always does."""

from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, Field

from shared import trigger
from shared.paging import Asked
from shared.task import FIRST, LAST
from shared.web import Call, Response, answer

FAILURES = (trigger.TaskFailedError,)


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
    task = trigger.task_named(call.params["task"])
    waiting, tick = call.query(Waiting).wait, call.body(Order).scheduled_for
    started = await trigger.fire(call, task, tick, patience(call) if waiting else None)
    if waiting and started.result:
        return answer(started.result)
    return answer(standing(task.name, started), 202)


def patience(call: Call) -> float:
    """Seconds for which we can wait ourselves; a task that takes longer is answered as one that goes on."""
    left = call.request.seconds_left or call.resources.settings.timeout_seconds
    return max(trigger.EARLY, left - trigger.MARGIN)


def standing(job: str, started: trigger.Started) -> dict[str, Any]:
    run, detail = started.run, {"detail": started.result["detail"]} if started.result else {}
    place = f"/admin/runs/{run}" if run else None
    return {"run_id": run, "job": job, "status": started.status, "status_url": place, **detail}
