"""Months of events: made before they come, gone as a whole when they are old.

Both want a lock that no writer may wait for, so it is asked for shortly and again. A month that could not be dropped is
deleted in batches.
"""

from functions.prune_analytics.keeping import EVENTS, SQL
from shared.db import Row
from shared.errors import UnavailableError
from shared.log import log
from shared.retry import retrying
from shared.task import Run
from shared.transactions import limited

TRIES = 5
LIMIT = 60.0  # seconds to count what a month holds; the lock itself is waited for 25 ms at most


async def make_ahead(run: Run) -> None:
    """This month and the next two, where they are missing."""
    row = await run.db.row(SQL.make_months)
    run.note(months_made=row["made"] if row else 0)


async def drop_old(run: Run) -> None:
    """The months that are past their keeping as a whole, oldest first, counted as events."""
    dropped: dict[str, int] = {}
    while row := await dropped_month(run):
        dropped[row["month"]] = row["events"]
        run.count(processed=row["events"])
        run.note(months_dropped=dropped)


async def dropped_month(run: Run) -> Row | None:
    """One month and how many events it had; None if there is none, or somebody was always in the way."""

    async def drop() -> Row | None:
        async with limited(run.db, LIMIT) as transaction:
            return await transaction.row(SQL.drop_month, keep=EVENTS)

    try:
        return await retrying(drop, TRIES, UnavailableError)
    except UnavailableError as error:
        log.warning("a month is deleted in batches, since it could not be dropped", cause=error)
        return None
