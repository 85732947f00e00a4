"""The first page: what is wrong, then every task and every queue at a glance."""

from collections.abc import Iterator, Sequence

from functions.console.page import read, show
from functions.console.standing import RUNS, Standing
from shared import table
from shared.db import Row
from shared.queue.rows import Rows
from shared.runs import Runs
from shared.web import Call, Response

Wrong = tuple[str, str, str]  # kind, sentence, address


async def page(call: Call) -> Response:
    """Tasks and queues as they stand."""
    tasks = table.tasks()
    queues = await read(call, "queues", lambda db: Rows(db).depths())
    runs = await read(call, "runs", lambda db: Runs(db).latest([task.name for task in tasks], RUNS))
    standing = [Standing(task, runs.value.get(task.name, [])) for task in tasks]
    return show(
        call,
        "overview.html",
        title="Overview",
        section="Overview",
        known=(queues, runs),
        queues=queues.value,
        tasks=standing,
        wrong=list(wrong_with(standing, queues.value)),
    )


def wrong_with(tasks: Sequence[Standing], queues: Sequence[Row]) -> Iterator[Wrong]:
    """What wants to be looked at, the worst first."""
    for task in tasks:
        if task.failing:
            yield "bad", f"The last run of {task.task.name} failed.", f"/console/runs/{task.ended[0]['id']}"
    for queue in queues:
        yield from wrong_with_queue(queue["queue"], queue)


def wrong_with_queue(name: str, queue: Row) -> Iterator[Wrong]:
    place = f"/console/queues/{name}"
    if queue["breaker_open_since"]:
        yield "bad", f"{name} waits: its provider fails as a whole.", place
    if queue["paused_at"]:
        yield "warn", f"{name} is paused.", place
    if queue["dead"]:
        yield "warn", f"{name} has {queue['dead']} dead letters.", f"{place}/dead-letters"
