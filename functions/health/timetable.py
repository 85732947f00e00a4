"""When each task last began, and whether that is too long ago."""

from datetime import UTC, datetime
from typing import Any

from shared.resources import Resources


async def timetable(resources: Resources) -> list[dict[str, Any]]:
    """Every task of the table: its name, when its last pass began, whether the next one is overdue.

    A task that was never seen nor expected is not overdue: `watch` expects each from its own first pass on.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    from shared import pulses, table  # noqa: PLC0415 - reading the table takes longer than all other answers need

    tasks = {entry.name: entry for entry in table.tasks()}
    found, late, now = await pulses.pulses(resources.db, tasks), resources.settings.alert_run_late, datetime.now(UTC)
    return [
        {
            "task": name,
            "began_at": pulse.began_at if (pulse := found.get(name)) else None,
            "overdue": pulse is not None and pulses.overdue(task, pulse, now, late),
        }
        for name, task in tasks.items()
    ]
