"""One task: its runs, and a run by hand, now or as of a time that was missed."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from functions.console.page import DONE, read, show, to
from functions.console.standing import at_a_glance, standing
from shared import trigger
from shared.pages import forms
from shared.web import Call, Response


class Order(BaseModel):
    """`at`: the tick's time; left out, it is now."""

    model_config = ConfigDict(extra="forbid")

    at: forms.Moment | None = None


async def page(call: Call) -> Response:
    """Its schedule, its runs, and the form."""
    task = trigger.task_named(call.params["task"])
    known = await read(call, "task", lambda db: at_a_glance(db, [task.name]))
    found = standing(task, known, call.resources.settings.alert_run_late)
    trail = (("Overview", "/console"),)
    return show(call, "task.html", title=task.name, section="Overview", trail=trail, known=(known,), standing=found)


async def run(call: Call) -> Response:
    """Start it; the run's page watches it end."""
    task, order = trigger.task_named(call.params["task"]), forms.form(call, Order)
    started = await trigger.fire(call, task, order.at or datetime.now(UTC))
    place = f"runs/{started.run}" if started.run else f"tasks/{task.name}"
    word = "stands" if started.stands else "skipped" if started.status == "skipped" else "started"
    return to(f"/console/{place}?{DONE}={word}")
