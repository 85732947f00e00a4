"""Runs: one row in `job_history` per run that found work or failed; ticks that are run once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from shared import sql
from shared.causes import WATCH
from shared.db import Database

SQL = sql.beside(__file__, "history.sql")


@dataclass(frozen=True, slots=True)
class Begun:
    """Whether a run may start: `reason` says why not."""

    id: UUID
    reason: str | None


class Ended(NamedTuple):
    """What the end of a run has shown.

    Attributes:
        killed: runs of its job that had outlived their limit.
        silent_since: the last pass of `watch`, if that was too long ago.
    """

    killed: int
    silent_since: datetime | None


async def begin(
    db: Database,
    *,
    run: UUID,
    job: str,
    key: str | None,
    trigger: str,
    limit: timedelta,
    metadata: dict[str, Any],
) -> Begun:
    """Open a run's row under the job's lock, and note the pass, closing runs that outlived `limit`.

    One short transaction.
    """
    row = await db.row(SQL.begin, id=run, job=job, key=key, trigger=trigger, limit=limit, metadata=Jsonb(metadata))
    return Begun(run, row["reason"] if row else None)


async def end(
    db: Database,
    *,
    run: UUID,
    job: str,
    trigger: str,
    started: datetime,
    status: str,
    processed: int,
    failed: int,
    error: str | None,
    metadata: dict[str, Any],
    limit: timedelta,
    silence: timedelta,
    log: str = "[]",
    counts: str = "[]",
) -> Ended:
    """Close a run's row, written whole if nothing had opened it, and those that outlived `limit`.

    Safe to repeat: only what closes the row counts.

    Args:
        silence: for how long `watch` may be silent before it is told.
        log: the run's last log lines, as a JSON array.
        counts: what to add to the counters, as `shared.counters.written` has it.
    """
    row = await db.row(
        SQL.end,
        repeatable=True,
        id=run,
        job=job,
        trigger=trigger,
        started=started,
        status=status,
        processed=processed,
        failed=failed,
        error=error,
        metadata=Jsonb(metadata),
        limit=limit,
        silence=silence,
        watch=WATCH,
        log=log,
        counts=counts,
    )
    return Ended(**row) if row else Ended(0, None)


async def close_overdue(db: Database, job: str, limit: timedelta) -> int:
    """Close the runs of a job that were killed: still `running` past their time limit. Answers how many."""
    row = await db.row(SQL.close_overdue, job=job, limit=limit, repeatable=True)
    return row["closed"] if row else 0
