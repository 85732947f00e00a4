"""Batches, one after another until one is short or the time is nearly up; one that fails is tried again."""

import psycopg

from functions.prune_analytics.keeping import KEPT, PAGE
from shared.errors import NightshiftError, UnavailableError
from shared.retry import retrying
from shared.task import Run

TRIES = 3
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
        while await batch(run, kind) >= PAGE:
            pass
    if run.seconds_left() <= RESERVE:
        run.note(unfinished=True)


async def batch(run: Run, kind: str) -> int:
    """One batch of a kind; answers its rows, none where there is no time left."""
    if run.seconds_left() <= RESERVE:
        return 0
    statement, keep = KEPT[kind]
    try:
        row = await retrying(
            lambda: run.db.row(statement, keep=keep, page=PAGE), TRIES, psycopg.Error, UnavailableError
        )
    except (psycopg.Error, UnavailableError) as error:
        raise PruneStoppedError(
            f"A batch of {kind} failed {TRIES} times ({type(error).__name__}). Before that {run.metadata[kind]} were "
            f"deleted, {run.processed} rows in all; the next run goes on from there."
        ) from error
    rows = int((row or {"rows": 0})["rows"])
    run.count(processed=rows)
    run.note(**{kind: run.metadata[kind] + rows})
    return rows
