"""Dates whose decay is due, and the decay of one. What is done stands in the metadata of the runs, by date."""

from datetime import date, timedelta

from shared import sql
from shared.db import Row, Transaction
from shared.errors import UnavailableError
from shared.task import Run
from shared.transactions import atomic

CATCH_UP = timedelta(days=7)  # what was missed before these dates stays so: nobody is to lose weeks at once
RESERVE = 60.0  # seconds left to the run below which no further date is begun
SQL = sql.beside(__file__)


async def missed(run: Run, today: date) -> list[date]:
    """The dates of the last seven before `today` that no run has done, though an earlier one was done; oldest first."""
    rows = await run.db.rows(SQL.missed, repeatable=True, today=today, since=today - CATCH_UP)
    return [row["date"] for row in rows]


async def decay(run: Run, day: date) -> None:
    """One date in its own transaction, counted and noted: what is done stays done if a later date fails.

    Raises:
        UnavailableError: there is no time left to begin another date.
    """
    done = run.metadata.get("dates", {})
    if done and run.seconds_left() < RESERVE:
        raise UnavailableError(f"No time was left for the decay of {day}. Trigger apply-decay again.")
    counts = await applied(run.db, day)
    run.count(processed=counts["decayed"])
    run.note(dates=done | {day.isoformat(): counts})


# A transaction, since a statement by itself is given up after DB_TIMEOUT: that of a million users takes longer.
@atomic
async def applied(session: Transaction, day: date) -> Row:
    return await session.row(SQL.apply, date=day) or {}
