"""What the views say: rows as JSON or CSV, fresh or the last good ones; a refresh on demand."""

import hashlib
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared import analytics
from shared.analytics import Range, Reading
from shared.errors import NotFoundError
from shared.web import Call, Response, answer

ROWS = 1000  # of an answer as JSON at most


class Asked(BaseModel):
    """A range of days, both included; it means the weeks that begin in it, or the users who last studied in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: date | None = None
    until: date | None = None
    limit: int = Field(100, ge=1, le=analytics.TABLE_ROWS)
    format: Literal["json", "csv"] = "json"

    @model_validator(mode="after")
    def possible(self) -> "Asked":
        if self.since and self.until and self.since > self.until:
            raise ValueError("since is after until")
        if self.format == "json" and self.limit > ROWS:
            raise ValueError(f"limit is at most {ROWS} for JSON, {analytics.TABLE_ROWS} for CSV")
        return self


async def overview(call: Call) -> Response:
    """Every view: when it was last renewed, how many rows it has, and what went wrong."""
    known = await analytics.freshness(call.resources)
    stale = known.why is not None
    told = {"views": known.value, "read_at": known.at if stale else None, "stale": stale, "reason": known.why}
    return tagged(call, answer(told))


async def show(call: Call) -> Response:
    """One view's rows."""
    view, asked = analytics.view_named(call.params["view"]), call.query(Asked)
    reading = await analytics.read(call.resources, view, Range(asked.since, asked.until, asked.limit))
    return tagged(call, analytics.download(reading) if asked.format == "csv" else answer(document(reading)))


async def refresh(call: Call) -> Response:
    """Start a refresh, at most once a minute: 202, with where to see how far it has come."""
    started = await analytics.refresh(call)
    place = f"/analytics/refreshes/{started.run}" if started.run else None
    return answer({"run_id": started.run, "status": started.status, "status_url": place}, 202)


async def progress(call: Call) -> Response:
    """How far a refresh has come: views that were tried, of all."""
    found = await analytics.progress(call.resources.db, call.uuid("run"))
    if found is None:
        raise NotFoundError("There is no run of that id. A run that is about to begin has no row yet: ask again.")
    return answer(found)


def document(reading: Reading) -> dict[str, Any]:
    return {
        "view": reading.view.name,
        "rows": reading.rows,
        "as_of": reading.as_of,
        "read_at": reading.read_at if reading.stale else None,
        "stale": reading.stale,
        "reason": reading.reason,
    }


def tagged(call: Call, response: Response) -> Response:
    """With an ETag, by which whoever has this answer already is told so."""
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in call.request.headers.get("if-none-match", ""):
        return Response(304, b"", headers)
    return Response(response.status, response.body, {**response.headers, **headers})
