"""What admins read of analytics: seven views, how fresh each is, the last good answer where there is none of now."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from shared import sql
from shared.errors import NotFoundError, TooManyRequestsError, UnavailableError
from shared.limits import Permit
from shared.web import Response

if TYPE_CHECKING:
    from shared.db import Row, Session, Transaction
    from shared.last_good import Known
    from shared.resources import Resources
    from shared.trigger import Started
    from shared.web import Call

PATIENCE = 2.0  # seconds for a view to answer; then the last good answer is given
OVERDUE = timedelta(minutes=65)  # past two ticks of refresh-analytics, which comes every 30 minutes, something is wrong
TABLE_ROWS = 20_000  # of a file at most: Lambda's answers end at 6 MB
REFRESH = Permit("analytics:refresh", 1, 60.0)  # by hand; the schedule asks nobody
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula (OWASP, CSV injection)
SQL = sql.beside(__file__, "analytics.sql")


@dataclass(frozen=True, slots=True)
class View:
    """One of the views: what people call it, and what a range of dates means to it (None: nothing)."""

    name: str
    title: str
    sentence: str
    dated: str | None = None


_VIEWS = (
    View("summary_stats", "Summary", "Totals, and how many were active in the last 7 and 30 days."),
    View("active_learning_days", "Learning days", "Who studied on how many days, the most first.", "last_day"),
    View("popular_tracks", "Popular tracks", "What is completed most, and how much of what was scheduled."),
    View("streak_dropoffs", "Where streaks end", "How long the streaks were that ended in the last 180 days."),
    View(
        "quiz_completion_rates", "Quizzes", "Of the quizzes unlocked in a week, how many were completed.", "week_start"
    ),
    View("review_session_usage", "Reviews", "Of the reviews unlocked in a week, how many were done.", "week_start"),
    View("explanation_engagement", "Explanations", "What was learned and opened in a week.", "week_start"),
)
VIEWS = {view.name: view for view in _VIEWS}


@dataclass(frozen=True, slots=True)
class Range:
    """Days from and to, both included; None is open. At most `limit` rows."""

    since: date | None = None
    until: date | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """A view's rows.

    Attributes:
        as_of: when the view was renewed that they are of; None if nobody knows.
        read_at: when they were read.
        reason: why they are not as fresh as they should be; None if they are.
    """

    view: View
    rows: "list[Row]"
    as_of: datetime | None
    read_at: datetime
    reason: str | None

    @property
    def stale(self) -> bool:
        return self.reason is not None


def view_named(name: str) -> View:
    """A view by its name.

    Raises:
        NotFoundError: there is none; names those that there are.
    """
    if name not in VIEWS:
        raise NotFoundError(f"There is no view {name!r}. There are: {', '.join(VIEWS)}.")
    return VIEWS[name]


async def read(resources: "Resources", view: View, span: Range) -> Reading:
    """A view's rows of now, or the last good ones with the reason.

    Raises:
        UnavailableError: it does not answer, and never has since anything is remembered.
    """

    async def question() -> dict[str, Any]:
        async with reading_of(resources) as transaction:
            rows = await transaction.rows(getattr(SQL, view.name), since=span.since, until=span.until, limit=span.limit)
            return {"rows": rows, "refreshed": await transaction.row(SQL.refreshed, view=view.name)}

    known = await resources.last_good.ask(f"analytics {view.name} {span}", question, within=PATIENCE)
    refreshed = known.value["refreshed"]
    why = known.why or overdue(refreshed["refreshed_at"], refreshed["error"], known.at)
    return Reading(view, known.value["rows"], refreshed["refreshed_at"], known.at, why)


async def freshness(resources: "Resources") -> "Known[list[Row]]":
    """When each view was last renewed and tried.

    Raises:
        UnavailableError: as of `read`.
    """

    async def question() -> "list[Row]":
        async with reading_of(resources) as transaction:
            return await transaction.rows(SQL.refreshes)

    return await resources.last_good.ask("analytics freshness", question, within=PATIENCE)


@asynccontextmanager
async def reading_of(resources: "Resources") -> AsyncIterator["Transaction"]:
    """A read of views that gives up in time.

    Raises:
        UnavailableError: whatever it is that went wrong with them.
    """
    try:
        async with resources.db.bounded(PATIENCE) as transaction:
            yield transaction
    except psycopg.Error as error:
        raise UnavailableError(f"The view cannot be read (SQLSTATE {error.sqlstate}).") from error


async def refresh(call: "Call") -> "Started":
    """Start refresh-analytics by hand.

    Raises:
        TooManyRequestsError: somebody did within the last minute; says when to try again.
        UnavailableError, TaskFailedError: as of `trigger.fire`.
    """
    from shared import trigger  # noqa: PLC0415 - those who only read do not pay for it

    [wait] = await call.resources.limiter.reserve([[REFRESH]])
    if wait > 0:
        raise TooManyRequestsError("A refresh was asked for a moment ago.", retry_after=int(wait) + 1)
    return await trigger.fire(call, trigger.task_named("refresh-analytics"), datetime.now(UTC))


async def progress(db: "Session", run: UUID) -> "Row | None":
    """How far a refresh has come: `status`, `views`, and how many were `tried`; None for a run that has not begun."""
    return await db.row(SQL.progress, run=run, repeatable=True)


def overdue(refreshed_at: datetime | None, error: str | None, at: datetime) -> str | None:
    """Why a view is older than it should be, if it is."""
    if refreshed_at is None:
        return "The view has never been refreshed: run refresh-analytics."
    if error is not None:
        return f"The last refresh of this view failed (SQLSTATE {error})."
    if at - refreshed_at > OVERDUE:
        return "The view has not been refreshed for two ticks: look at refresh-analytics."
    return None


def download(reading: Reading) -> Response:
    """A view's rows as a file. Its headers say of when they are, and why they are not as fresh as they should be."""
    headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": f'attachment; filename="{reading.view.name}.csv"',
        "x-content-type-options": "nosniff",
        **({"x-as-of": reading.as_of.isoformat()} if reading.as_of else {}),
        **({"x-stale": reading.reason} if reading.reason else {}),
    }
    return Response(200, table(reading.rows).encode(), headers)


def table(rows: "list[Row]") -> str:
    """Rows as CSV (RFC 4180), the names of the columns first; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows[0] if rows else ())
    writer.writerows([plain(value) for value in row.values()] for row in rows)
    return out.getvalue()


def plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
