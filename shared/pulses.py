"""Pulses: that the passes of each task come, idle or not, and which of them have not come when they should have."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared import sql
from shared.causes import WATCH
from shared.db import Database, Session

if TYPE_CHECKING:
    from shared.schedule import Schedule
    from shared.table import Entry

PERIOD = timedelta(minutes=1)  # of `watch`
SQL = sql.beside(__file__, "pulses.sql")


class Pulse(NamedTuple):
    """One job's passes.

    Attributes:
        began_at: when the last one began; None if none ever did.
        since: the same, or since when the first one is waited for.
        steady_since: the pass since which they came without a longer pause; None without any.
    """

    job: str
    began_at: datetime | None
    since: datetime
    steady_since: datetime | None


async def pulse(db: Database, job: str, silence: timedelta) -> datetime | None:
    """Note a pass that nothing else has noted; since when `watch` has been silent, if it has been for so long."""
    row = await db.row(SQL.pulse, job=job, watch=WATCH, silence=silence)
    return row["silent_since"] if row else None


async def expect(db: Database, jobs: Iterable[str]) -> None:
    """Miss these jobs from now on, if they are new."""
    await db.rows(SQL.expect, jobs=list(jobs), repeatable=True)


async def pulses(db: Session, jobs: Iterable[str]) -> dict[str, Pulse]:
    """The pulses of those of these jobs that are known."""
    rows = await db.rows(SQL.pulses, jobs=list(jobs), repeatable=True)
    return {row["job"]: Pulse(**row) for row in rows}


def overdue(task: "Entry", found: Pulse, now: datetime, late: timedelta, awake: datetime | None = None) -> bool:
    """Whether a pass of this task should have begun more than `late` ago, and has not.

    Args:
        awake: since when whoever asks has been there. A rate's tick of before is made up for by the next one.
    """
    return any(_missed(schedule, found.since, now - late, awake) for schedule in task.schedules)


def _missed(schedule: "Schedule", since: datetime, by: datetime, awake: datetime | None) -> bool:
    due = schedule.due_since(by)
    return since < due and (awake is None or awake < (due if schedule.is_rate else by))
