"""The schedules in infra/pg_cron/schedules.sql."""

from pathlib import Path

from infra.render.part import renewed
from infra.render.unix_cron import unix_cron
from shared import table

SCHEDULES = Path("infra/pg_cron/schedules.sql")
INDENT = " " * 12
BEGIN, END = f"{INDENT}-- functions: rendered from serverless.yml\n", f"{INDENT}-- end of functions\n"


def files() -> dict[Path, str]:
    return renewed(SCHEDULES, BEGIN, END, rows())


def rows() -> str:
    """Task, number of the schedule, schedule."""
    found = [
        f"{INDENT}('{entry.name}', {number}, '{unix_cron(schedule)}')"
        for entry in table.tasks()
        for number, schedule in enumerate(entry.schedules, 1)
    ]
    return ",\n".join(found) + "\n"
