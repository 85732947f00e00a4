"""Batches, one after another until one is short or the time is nearly up; one that fails is tried again."""

import asyncio
import time
from datetime import datetime

import psycopg

from functions.prune_analytics.keeping import KEPT, PAGE
from shared.db import Row
from shared.errors import NightshiftError, UnavailableError
from shared.retry import retrying
from shared.task import Run

TRIES = 3
REST = 1.0  # times what a batch took, before the next: disk and log are the writers', too
RESERVE = 5.0  # seconds left to the run at which it stops; tomorrow's goes on


class PruneStoppedError(NightshiftError):
    """A batch failed every time; what was deleted before stays deleted."""


async def prune(run: Run) -> None:
    """Delete what is past its keeping, counted and noted by kind.

    Raises:
        PruneStoppedError: a batch failed every time.
    """
    run.note(**dict.fromkeys(KEPT, 0))
    for kind in KEPT:
        await delete(run, kind)
    if run.seconds_left() <= RESERVE:
        run.note(unfinished=True)


async def delete(run: Run, kind: str) -> None:
    """Batch after batch from where the last one ended; at the end from the start again, for what came meanwhile."""
    start: datetime | None = None
    while run.seconds_left() > RESERVE:
        began = time.monotonic()
        row = await batch(run, kind, start)
        if row["rows"] >= PAGE:
            start = row.get("until")
            await asyncio.sleep(REST * (time.monotonic() - began))
        elif start:
            start = None
        else:
            break


async def batch(run: Run, kind: str, start: datetime | None) -> Row:
    """One batch of a kind, counted: its `rows`, and of events the moment `until` which they go."""
    statement, keep = KEPT[kind]
    try:
        row = await retrying(
            lambda: run.db.row(statement, keep=keep, page=PAGE, start=start), TRIES, psycopg.Error, UnavailableError
        )
    except (psycopg.Error, UnavailableError) as error:
        raise PruneStoppedError(
            f"A batch of {kind} failed {TRIES} times ({type(error).__name__}). Before that {run.metadata[kind]} were "
            f"deleted, {run.processed} rows in all; the next run goes on from there."
        ) from error
    found = row or {"rows": 0}
    run.count(processed=found["rows"])
    run.note(**{kind: run.metadata[kind] + found["rows"]})
    return found
