"""Analytics: seven panels, each by itself, with how fresh it is; one that fails leaves the others alone."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator

from functions.console.page import FRAGMENT, SITE, read, show, tagged, to
from shared import analytics
from shared.analytics import VIEWS, Range, Reading, View
from shared.db import Row
from shared.errors import UnavailableError
from shared.last_good import Known
from shared.web import Call, Response

ROWS = 20  # of a panel; the table to download has them all


class Days(BaseModel):
    """A range of days, both included; an empty field is open."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    since: date | None = None
    until: date | None = None
    run: UUID | None = None  # a refresh that is under way

    @model_validator(mode="before")
    @classmethod
    def given(cls, fields: Any) -> Any:
        return {name: value for name, value in fields.items() if value}

    @property
    def query(self) -> str:
        chosen = {name: value.isoformat() for name, value in (("since", self.since), ("until", self.until)) if value}
        return f"?{urlencode(chosen)}" if chosen else ""


async def page(call: Call) -> Response:
    """All panels, and when each view was renewed."""
    days = call.query(Days)
    views = () if FRAGMENT in call.request.headers else VIEWS.values()  # the live part has no panels
    # All at once, since each waits as long as it may while the database is away; the panels are last in the queue.
    standing = asyncio.gather(freshness(call), progress(call, days.run))
    panels = await asyncio.gather(*(panel(call, view, days) for view in views))
    fresh, under_way = await standing
    known, title = (fresh,) if fresh else (), "Analytics"
    return show(
        call,
        "analytics.html",
        title=title,
        section=title,
        known=known,
        panels=panels,
        fresh=fresh,
        days=days,
        under_way=under_way,
    )


async def one(call: Call) -> Response:
    """One panel alone, for whoever tries it again."""
    view, days = analytics.view_named(call.params["view"]), call.query(Days)
    made = await panel(call, view, days)
    return tagged(call.request, SITE.page("panel.html", 200 if made.reading else 503, panel=made, days=days))


async def download(call: Call) -> Response:
    """A view's rows as a table for a spreadsheet."""
    view, days = analytics.view_named(call.params["view"]), call.query(Days)
    reading = await analytics.read(call.resources, view, Range(days.since, days.until, analytics.TABLE_ROWS))
    return analytics.download(reading)


async def refresh(call: Call) -> Response:
    """Start a refresh; the page shows how far it has come."""
    started = await analytics.refresh(call)
    return to(f"/console/analytics?{urlencode({'run': str(started.run)})}" if started.run else "/console/analytics")


async def progress(call: Call, run: UUID | None) -> Row | None:
    """How far the refresh has come that was started from this page; None where nobody knows."""
    if run is None:
        return None
    try:
        return (await read(call, "refresh", lambda db: analytics.progress(db, run))).value
    except UnavailableError:
        return None


async def freshness(call: Call) -> Known[list[Row]] | None:
    """When each view was renewed; None where nobody knows."""
    try:
        return await analytics.freshness(call.resources)
    except UnavailableError:
        return None


@dataclass(frozen=True, slots=True)
class Panel:
    """One view on the page: what was read of it, or why nothing was."""

    view: View
    reading: Reading | None
    error: str | None = None


async def panel(call: Call, view: View, days: Days) -> Panel:
    try:
        span = Range(days.since, days.until, ROWS)
        return Panel(view, await analytics.read(call.resources, view, span))
    except UnavailableError as error:
        return Panel(view, None, error.detail)
