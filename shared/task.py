"""Scheduled tasks: `@task` turns an async function into a deployed function with a run, a history row and alerts."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

import psycopg
from pydantic import AwareDatetime, Field

from shared import alerts, auth, history, pulses, traces
from shared.causes import WATCH, Cause
from shared.counters import RUNS
from shared.errors import NightshiftError
from shared.log import Kept, bind, keep, log
from shared.resources import Resources
from shared.settings import Model
from shared.web import App, Call, Request, Response, answer

if TYPE_CHECKING:
    import httpx

    from shared.limits import Limiter

Work = Callable[["Run"], Awaitable[None]]
Period = Literal["day", "hour"]
OVERDUE_MARGIN = timedelta(seconds=60)  # past its time-out by this much, a run that still says `running` was killed
TICKS = {"day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H:00Z"}
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)  # what a tick's time may be


class Tick(Model):
    """The body of a trigger (spec, section 11); every field may be missing."""

    scheduled_for: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC), ge=FIRST, lt=LAST)
    trigger: str = Field(default="schedule", pattern=r"^[a-z-]{1,32}$")
    run_id: UUID | None = None


class RunFailedError(NightshiftError):
    """The task failed; its history row and the log say how. Carries `run_id`."""


class Run:
    """One invocation of a task.

    Attributes:
        granted: what the platform grants to an invocation of this job.
        pulsed: whether its pass is noted already.
        opened: whether its row stands in `job_history` already; idle passes never write one.
        skipped: why there was nothing to do, if a task decides so.
        kept: its log lines, for its row.
    """

    def __init__(self, job: str, tick: Tick, resources: Resources, seconds_left: float | None) -> None:
        self.job, self.trigger, self.scheduled_for = job, tick.trigger, tick.scheduled_for
        self.id = tick.run_id or uuid4()
        self.resources, self.settings = resources, resources.settings
        self.db = resources.db
        self.started_at = datetime.now(UTC)
        granted = self.settings.timeout_seconds if seconds_left is None else seconds_left
        self.granted = timedelta(seconds=granted)
        self._deadline = time.monotonic() + granted
        self.opened = self.pulsed = False
        self.processed = self.failed = 0
        self.skipped: str | None = None
        self.metadata: dict[str, Any] = {}
        self.kept = Kept()

    @property
    def http(self) -> "httpx.AsyncClient":
        return self.resources.http

    @property
    def limiter(self) -> "Limiter":
        return self.resources.limiter

    def seconds_left(self) -> float:
        """What the platform still grants: little, once it wants the process to end."""
        return min(self._deadline, self.resources.ends_at) - time.monotonic()

    def now(self, *, plus: float = 0.0) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=plus)

    def count(self, *, processed: int = 0, failed: int = 0) -> None:
        self.processed += processed
        self.failed += failed

    def note(self, **metadata: Any) -> None:
        """Add to the run's metadata: counts and ids, nothing personal."""
        self.metadata |= metadata

    def skip(self, reason: str) -> None:
        self.skipped = reason

    def report(self) -> dict[str, Any]:
        """The answer to the trigger."""
        milliseconds = round((datetime.now(UTC) - self.started_at).total_seconds() * 1000)
        return {
            "job": self.job,
            "run_id": str(self.id) if self.opened else None,
            "status": "skipped" if self.skipped else "success",
            "processed": self.processed,
            "failed": self.failed,
            "duration_ms": milliseconds,
            "detail": self.skipped or self.metadata or None,
        }


def task(name: str, *, once_per: Period | None = None) -> Callable[[Work], App]:
    """Make a task of an async function.

    Args:
        name: the deployed name, as in serverless.yml.
        once_per: the task runs once per date or hour of its tick, whatever fires it and how often.
    """

    def decorate(work: Work) -> App:
        app = App(name)

        @app.route("POST", "/", guard=auth.scheduler, body=Tick)
        async def fire(call: Call) -> Response:
            """Run the task once; the answer says what became of it."""
            tick = tick_of(call.request)
            bind(job=name, trigger=tick.trigger)
            run = Run(name, tick, call.resources, call.request.seconds_left)
            return answer(await perform(run, work, once_per))

        return app

    return decorate


def tick_of(request: Request) -> Tick:
    """What the body says; where it names no time, the timer's own word, which a late or repeated call does not change.

    Raises:
        BadRequestError, UnprocessableError: the body, or the timer's time, is not as expected.
    """
    tick = request.parse(Tick) if request.body.strip() else Tick()
    if request.scheduled_for is None or "scheduled_for" in tick.model_fields_set:
        return tick
    told = tick.model_dump(mode="json", exclude_unset=True) | {"scheduled_for": request.scheduled_for}
    return replace(request, body=json.dumps(told).encode()).parse(Tick)


async def perform(run: Run, work: Work, once_per: Period | None = None) -> dict[str, Any]:
    """Run a task once, with its history and its alerts.

    Raises:
        RunFailedError: the work raised; the error names the run.
    """
    bind(run_id=str(run.id))
    run.kept = keep()
    told = {"nightshift.job": run.job, "nightshift.run_id": str(run.id), "nightshift.trigger": run.trigger}
    with traces.span(f"run {run.job}", told) as span:
        try:
            return await worked(run, work, once_per)
        finally:
            span.set("nightshift.processed", run.processed)
            span.set("nightshift.failed", run.failed)


async def worked(run: Run, work: Work, once_per: Period | None) -> dict[str, Any]:
    """The run itself, from its admission to its report."""
    try:
        if await admitted(run, once_per):
            await work(run)
    except Exception as error:
        await failed(run, error)
        raise RunFailedError(f"The run failed: {type(error).__name__}.", run_id=str(run.id)) from error
    if run.opened and run.skipped:
        await closed(run, "skipped", run.skipped)
    elif run.opened:
        await closed(run, "success", None)
        await alerts.resolve(run.resources, f"failed:{run.job}", f"killed:{run.job}")
    await pulsed(run)
    log.info("run ended", **{key: value for key, value in run.report().items() if key != "job"})
    return run.report()


async def admitted(run: Run, once_per: Period | None) -> bool:
    """Open the row of a run that must be unique or that somebody asked for by hand; others open theirs with work."""
    if once_per is None and run.trigger == "schedule":
        return True
    key = run.scheduled_for.astimezone(UTC).strftime(TICKS[once_per]) if once_per else None
    run.pulsed = True
    begun = await history.begin(
        run.db, run=run.id, job=run.job, key=key, trigger=run.trigger, limit=overdue(run), metadata={}
    )
    run.opened = begun.reason is None
    run.skipped = begun.reason
    return run.opened


async def failed(run: Run, error: Exception) -> None:
    """Log, close the row, alert. What goes wrong here is logged too, and never hides the first error."""
    why = reason(error)
    log.error("run failed", cause=error, reason=why)
    try:
        await closed(run, "failed", why)
    except (NightshiftError, psycopg.Error) as second:
        log.error("run could not be recorded", cause=second)
    await alerts.alarm(run.resources, Cause("failed", run.job, {"why": why, "run": run.id}))
    await pulsed(run)


def reason(error: Exception) -> str:
    """Our own sentence, which says what to do, else the kind of error: texts of others may quote data."""
    return error.detail if isinstance(error, NightshiftError) else type(error).__name__


def overdue(run: Run) -> timedelta:
    """The age from which a run of this job that still says `running` was killed."""
    return run.granted + OVERDUE_MARGIN


async def closed(run: Run, status: str, error: str | None) -> None:
    """Close the run's row, and those of killed ones: a run that opens with its work has not looked for any."""
    counters = run.resources.counters
    counters.run_ended(run.job, status, (run.now() - run.started_at).total_seconds())
    async with counters.taken() as counts:
        ended = await history.end(
            run.db,
            run=run.id,
            job=run.job,
            trigger=run.trigger,
            started=run.started_at,
            status=status,
            processed=run.processed,
            failed=run.failed,
            error=error,
            metadata=run.metadata,
            limit=overdue(run),
            silence=silence(run),
            log=run.kept.array(),
            counts=counts,
        )
    if ended.killed:
        counters.add(RUNS, ended.killed, job=run.job, status="killed")
        await alerts.alarm(run.resources, Cause("killed", run.job, {"runs": ended.killed}))
    await heard(run, ended.silent_since)


async def pulsed(run: Run) -> None:
    """Note the pass where no statement of its work has: an idle one leaves nothing else. Never fails the run."""
    if run.pulsed:
        return
    run.pulsed = True
    try:
        await heard(run, await pulses.pulse(run.db, run.job, silence(run)))
    except (NightshiftError, psycopg.Error) as error:
        log.error("pass could not be noted", cause=error)


def silence(run: Run) -> timedelta:
    """For how long `watch` may be silent."""
    return pulses.PERIOD + run.settings.alert_run_late


async def heard(run: Run, silent_since: datetime | None) -> None:
    """Who watches the others is watched by the others."""
    if silent_since is not None:
        await alerts.alarm(run.resources, Cause("missed", WATCH, since=silent_since))
