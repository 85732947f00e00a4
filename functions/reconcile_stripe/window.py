"""Which part of Stripe's list is still to be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import sql
from shared.task import Run

KEPT = timedelta(days=30)  # Stripe lists nothing older
OVERLAP = timedelta(hours=1)  # an event may be listed later than its time says
SQL = sql.beside(__file__)


@dataclass(frozen=True, slots=True)
class Window:
    """Events from `since` on; newest first, and only those older than the event `after` if one is named."""

    since: datetime
    after: str | None = None


async def windows(run: Run) -> list[Window]:
    """What came since the last comparison, then what that one had to leave for want of time."""
    last = await run.db.row(SQL.last, repeatable=True)
    if last is None:
        return [Window(run.started_at - KEPT)]
    fresh = Window(last["started_at"] - OVERLAP)
    left = last["resume"]
    return [fresh, Window(datetime.fromisoformat(left["since"]), left["after"])] if left else [fresh]


def remainder(left: Sequence[Window], after: str) -> dict[str, str]:
    """Where the next run goes on, as the history keeps it: below `after`, down to the oldest of the windows left."""
    return {"since": min(window.since for window in left).isoformat(), "after": after}
