"""Changes page by page, then view by view, each in a transaction of its own: a slow one holds up no other."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg

from shared import sql
from shared.db import Row, Statement
from shared.errors import NightshiftError, UnavailableError
from shared.task import Run
from shared.transactions import limited

PAGE = 20_000  # changes a transaction
LIMIT = 60.0  # seconds that a page or a view may take
RESERVE = 10.0  # seconds left to the run below which no further one is begun
SQL = sql.beside(__file__)
LEAST = 0.001  # seconds; 0 would be without end
TOO_SLOW = "57014"  # query_canceled


class ViewsNotRenewedError(NightshiftError):
    """Some views have the figures of an earlier time."""


async def fold(run: Run) -> None:
    """Bring the roll-ups up to date with the changes that are there, counted as `changes`."""
    changes, folded = 0, PAGE
    while folded >= PAGE and run.seconds_left() > RESERVE:
        folded = int((await within(run, SQL.fold, page=PAGE))["folded"])
        changes += folded
        run.note(changes=changes)


async def refresh(run: Run) -> None:
    """Renew each view; one that fails is noted, and the others are renewed all the same.

    Raises:
        ViewsNotRenewedError: at the end, if one of them failed.
    """
    views = [row["name"] for row in await run.db.rows(SQL.views, repeatable=True)]
    found: dict[str, Any] = {}
    for view in views:
        row = await renewed(run, view)
        found[view] = {"error": row["error"]} if row["error"] else {"rows": row["rows"], "ms": milliseconds(row)}
        run.count(processed=not row["error"], failed=bool(row["error"]))
        run.note(views=found)
    if failed := [view for view in views if "error" in found[view]]:
        raise ViewsNotRenewedError(advice(failed))


async def renewed(run: Run, view: str) -> Row:
    """The ledger's row of one refresh."""
    started = run.now()
    try:
        return await within(run, SQL.refresh, view=view)
    except UnavailableError as error:
        if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise
    return await run.db.row(SQL.note, view=view, started=started, error=TOO_SLOW) or {}


async def within(run: Run, statement: Statement, **params: Any) -> Row:
    """The row of a statement that is given up after `LIMIT`, or when the run's time is nearly up."""
    limit = max(min(LIMIT, run.seconds_left() - RESERVE), LEAST)
    async with limited(run.db, limit) as transaction:
        return await transaction.row(statement, **params) or {}


def milliseconds(row: Row) -> int:
    return int(row["duration"] / timedelta(milliseconds=1))


def advice(failed: Sequence[str]) -> str:
    return (
        f"Not renewed: {', '.join(failed)}. The others are. nightshift.analytics_refreshes has the SQLSTATE of each; "
        f"{TOO_SLOW} means that it took longer than it may."
    )
