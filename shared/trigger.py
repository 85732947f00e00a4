"""A task by hand: one call of its own URL, so it runs where and for as long as it always does."""

import asyncio
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import AwareDatetime

from shared import sql, table, traces
from shared.errors import ConfigurationError, NightshiftError, NotFoundError, UnavailableError
from shared.log import log
from shared.queue.rows import Rows
from shared.table import Entry
from shared.task import TICKS
from shared.web import Call

SQL = sql.beside(__file__, "trigger.sql")
EARLY = 0.5  # seconds in which a task that refuses, or cannot be reached, has said so
MARGIN = 3.0  # seconds more than the task's own timeout
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
Sent = asyncio.Task[httpx.Response]
_sent: set[Sent] = set()  # the event loop itself keeps no hold on its tasks


class TaskFailedError(NightshiftError):
    """The task answered with an error; `task_problem` is what it said."""

    status = 502


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a trigger so far.

    Attributes:
        run: the run; of one that never began, the one that stands in its place, if there is one.
        status: running, success or skipped.
        result: the task's own answer, if it has ended.
    """

    run: UUID | None
    status: str
    result: dict[str, Any] | None = None

    @property
    def stands(self) -> bool:
        """Whether `run` is an earlier one, which stands for that time."""
        return bool(self.run and self.result and not self.result["run_id"])


async def fire(call: Call, task: Entry, tick: AwareDatetime, patience: float | None = None) -> Started:
    """Start a task, and wait so many seconds for its end; the default is for those that end at once. Recorded.

    Raises:
        ConfigurationError: there is no service key to call it with.
        UnavailableError: it cannot be reached.
        TaskFailedError: it answered with an error.
    """
    if not call.resources.settings.service_keys:
        raise ConfigurationError("Tasks are started with a service key: set SERVICE_KEYS.")
    run = uuid4()
    await Rows(call.resources.db).note(call.caller.name, "trigger", task.name, run_id=str(run))
    sent = send(call, task, tick, run)
    await asyncio.wait({sent}, timeout=EARLY if patience is None else patience)
    if not sent.done():
        return Started(run, "running")
    result = told(task, run, sent)
    if result["status"] != "skipped" or result["run_id"]:
        return Started(run, result["status"], result)
    # This run has no row: the one that stands in its place has.
    return Started(await run_of(call, task, tick), "skipped", result)


def task_named(name: str) -> Entry:
    """A scheduled task by its deployed name or its short name.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    tasks = {entry.name: entry for entry in table.tasks()}
    found = tasks.get(name) or tasks.get(ALIASES.get(name, ""))
    if found is None:
        raise NotFoundError(f"There is no task {name!r}. There are: {', '.join(tasks)}.")
    return found


def send(call: Call, task: Entry, tick: AwareDatetime, run: UUID) -> Sent:
    """Make the call; it goes on whether or not somebody waits for it.

    A cloud that freezes this process after its answer does not undo the call: the request has left by then, and the
    task runs in a process of its own.
    """
    sent = asyncio.create_task(post(call, task, tick, run))
    _sent.add(sent)
    sent.add_done_callback(ended)
    return sent


async def post(call: Call, task: Entry, tick: AwareDatetime, run: UUID) -> httpx.Response:
    settings = call.resources.settings
    return await call.resources.http.post(
        settings.function_url(task.name),
        json={"trigger": "admin", "run_id": str(run), "scheduled_for": tick.isoformat()},
        headers={"authorization": f"Bearer {settings.service_keys[0].get_secret_value()}", **traces.headers()},
        timeout=httpx.Timeout(task.timeout + MARGIN, connect=MARGIN),
    )


def ended(sent: Sent) -> None:
    """Let go of a call. One that broke may have been answered long ago: the log has it."""
    _sent.discard(sent)
    error = None if sent.cancelled() else sent.exception()
    if error is not None:
        log.warning("a triggered task's call broke off", error_type=type(error).__name__)


def told(task: Entry, run: UUID, sent: Sent) -> dict[str, Any]:
    """What a task answered.

    Raises:
        UnavailableError: it cannot be reached.
        TaskFailedError: it answered with an error.
    """
    try:
        response = sent.result()
        document: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UnavailableError(f"{task.name} does not answer ({type(error).__name__}).", job=task.name) from None
    if response.is_error:
        said = {"job": task.name, "run_id": str(run), "task_problem": document}
        raise TaskFailedError(f"{task.name} answered {response.status_code}.", **said)
    return document


async def run_of(call: Call, task: Entry, tick: AwareDatetime) -> UUID | None:
    """The run that a tick has had already."""
    keys = [tick.astimezone(UTC).strftime(pattern) for pattern in TICKS.values()]
    row = await call.resources.db.row(SQL.run_of_tick, job=task.name, keys=keys, repeatable=True)
    return row["id"] if row else None
