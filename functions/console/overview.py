"""The first page: what is wrong, then every task and every queue at a glance."""

import asyncio
from collections.abc import Iterator, Sequence

from functions.console.page import read, show
from functions.console.queues import CAP
from functions.console.standing import Standing, at_a_glance, standing
from shared import alerts, causes, table
from shared.db import Row
from shared.queue.rows import Rows
from shared.web import Call, Response

Wrong = tuple[str, str, str]  # kind, sentence, address
# Of all else that is told the page sees by itself that it is wrong.
TOLD = ("killed", "late", "backlog", "budget", "endpoint", "push", "push-brake")


async def page(call: Call) -> Response:
    """Tasks and queues as they stand."""
    names = [task.name for task in table.tasks()]
    known, stand, told = await asyncio.gather(  # together: while the database is away, each waits as long as it may
        read(call, "tasks", lambda db: at_a_glance(db, names)),
        read(call, "queues", lambda db: Rows(db).depths(cap=CAP)),
        read(call, "alerts", lambda db: alerts.lasting(db, TOLD)),
    )
    queues, late = stand.value, call.resources.settings.alert_run_late
    tasks = [standing(task, known, late) for task in table.tasks()]
    wrong = list(wrong_with(tasks, queues, told.value))
    title, asked = "Overview", (known, stand, told)
    return show(call, "overview.html", title=title, section=title, known=asked, queues=queues, tasks=tasks, wrong=wrong)


def wrong_with(tasks: Sequence[Standing], queues: Sequence[Row], told: Sequence[str]) -> Iterator[Wrong]:
    """What wants to be looked at, the worst first."""
    for task in tasks:
        if task.late:
            yield "bad", f"{task.task.name} should have begun and has not.", f"/console/tasks/{task.task.name}"
    for task in tasks:
        if task.failing:
            yield "bad", f"The last run of {task.task.name} failed.", f"/console/runs/{task.ended[0]['id']}"
    for cause in told:
        sentence, place = causes.lasting(cause)
        yield "bad", sentence, f"/console{place}"
    for queue in queues:
        yield from wrong_with_queue(queue["queue"], queue)


def wrong_with_queue(name: str, queue: Row) -> Iterator[Wrong]:
    place = f"/console/queues/{name}"
    if queue["breaker_open_since"]:
        yield "bad", f"{name} waits: its provider fails as a whole.", place
    if queue["paused_at"]:
        yield "warn", f"{name} is paused.", place
    if queue["dead"]:
        yield "warn", f"{name} has dead letters: {queue['dead']}.", f"{place}/dead-letters"
