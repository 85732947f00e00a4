"""How a task stands: its last runs summed up, when it runs next, what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from markupsafe import Markup

from shared.db import Row, Session
from shared.last_good import Known
from shared.pages import charts
from shared.pages.words import exact, span
from shared.pulses import Pulse, overdue, pulses
from shared.runs import Runs
from shared.table import Entry

RUNS = 30  # of each task are looked at
KINDS = {"success": "good", "failed": "bad", "running": "soft", "skipped": "soft"}


async def at_a_glance(db: Session, jobs: list[str]) -> dict[str, Any]:
    """Of each of these tasks the last runs and the last pass."""
    found = await pulses(db, jobs)
    return {
        "runs": await Runs(db).latest(jobs, RUNS),
        "pulses": {name: pulse._asdict() for name, pulse in found.items()},
    }


def standing(task: Entry, known: Known[dict[str, Any]], late: timedelta) -> "Standing":
    """How a task stood when that was known."""
    runs, found = known.value["runs"].get(task.name, []), known.value["pulses"].get(task.name)
    if found is None:
        return Standing(task, runs)
    pulse = Pulse(**found)
    return Standing(task, runs, pulse.began_at, overdue(task, pulse, known.at, late))


@dataclass(frozen=True)
class Standing:
    """One task.

    Attributes:
        runs: the last ones that found work, failed or were started by hand; newest first.
        began_at: when its last pass began, whether or not that found work.
        late: whether a pass should have begun and has not.
    """

    task: Entry
    runs: Sequence[Row]
    began_at: datetime | None = None
    late: bool = False

    @property
    def last(self) -> Row | None:
        return self.runs[0] if self.runs else None

    @property
    def ended(self) -> list[Row]:
        return [run for run in self.runs if run["status"] in ("success", "failed")]

    @property
    def succeeded(self) -> int:
        return sum(run["status"] == "success" for run in self.ended)

    @property
    def usual_seconds(self) -> float | None:
        lengths = [run["seconds"] for run in self.ended if run["seconds"] is not None]
        return median(lengths) if lengths else None

    @property
    def next_at(self) -> datetime:
        return min(schedule.next_fire(datetime.now(UTC)) for schedule in self.task.schedules)

    @property
    def words(self) -> str:
        """Its schedules as people say them."""
        first, *others = [schedule.in_words() for schedule in self.task.schedules]
        return "; ".join([first, *(each[0].lower() + each[1:] for each in others)])

    @property
    def failing(self) -> bool:
        """Whether the last run that ended failed."""
        return bool(self.ended) and self.ended[0]["status"] == "failed"

    @property
    def chart(self) -> Markup:
        """How long each run took, and how it ended."""
        return charts.bars([bar(run) for run in reversed(self.runs)], self.told, places=RUNS)

    @property
    def told(self) -> str:
        """The chart in words."""
        if not self.ended:
            return "No run has ended yet."
        longest = max((run["seconds"] or 0.0 for run in self.ended), default=0.0)
        return (
            f"Last {len(self.ended)} runs: {self.succeeded} succeeded, {len(self.ended) - self.succeeded} failed. "
            f"They usually take {span(self.usual_seconds)}, {span(longest)} at most."
        )


def bar(run: Row) -> charts.Bar:
    title = f"{exact(run['started_at'])}: {run['status']}, {span(run['seconds'])}"
    return charts.Bar(run["seconds"] or 0.0, KINDS[run["status"]], title)
