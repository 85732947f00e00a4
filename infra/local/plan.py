"""Which ticks are due: the scheduler's arithmetic, and what it remembers."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.schedule import Schedule
from shared.table import Entry

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
WINDOWS = tuple(timedelta(**{unit: n}) for unit, n in (("minutes", 10), ("hours", 2), ("days", 1), ("days", 32)))


class Plan:
    """The schedules of a table and the tick that each fired last.

    Args:
        fired: the last tick by task name; a task that never fired catches up one tick.
    """

    def __init__(self, entries: Iterable[Entry], fired: dict[str, datetime]) -> None:
        self.entries = [entry for entry in entries if entry.schedules]
        self.fired = fired

    def due(self, now: datetime) -> Iterator[tuple[Entry, datetime]]:
        """The latest tick of each task that was not fired yet; ticks before it are not caught up."""
        for entry in self.entries:
            ticks = [tick for schedule in entry.schedules if (tick := latest(schedule, now))]
            if ticks and max(ticks) > self.fired.get(entry.name, FIRST):
                self.fired[entry.name] = max(ticks)
                yield entry, max(ticks)

    def next_tick(self, now: datetime) -> datetime | None:
        """When there is something to do again; None without schedules."""
        ticks = (schedule.next_fire(now) for entry in self.entries for schedule in entry.schedules)
        return min(ticks, default=None)


def latest(schedule: Schedule, now: datetime) -> datetime | None:
    """The last tick that is not later than `now`, within a month; None if there is none."""
    for window in WINDOWS:
        tick, following = None, schedule.next_fire(now - window)
        while following <= now:
            tick, following = following, schedule.next_fire(following)
        if tick:
            return tick
    return None


def remembered(memory: Path) -> dict[str, datetime]:
    """The last tick of each task; empty where nothing readable was written."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return {name: datetime.fromisoformat(tick) for name, tick in json.loads(memory.read_text()).items()}
    return {}


def remember(memory: Path, fired: dict[str, datetime]) -> None:
    part = memory.with_suffix(".part")
    part.write_text(json.dumps({name: tick.isoformat() for name, tick in fired.items()}))
    part.replace(memory)
