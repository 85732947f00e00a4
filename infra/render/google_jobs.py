"""One Cloud Scheduler job a schedule, in the shape of Google's REST API (v1, `Job`); infra/gcp/apply.py applies it.

The call has no body: the time of the tick is in a header of Google's, which shared/entrypoint.py reads.

Source: cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs.
"""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from infra.gcp import names
from infra.gcp.names import PROJECT, REGION
from infra.render.documents import document
from infra.render.unix_cron import unix_cron
from shared import table
from shared.schedule import EPOCH, Schedule
from shared.table import Entry

FOLDER = Path("infra/gcp/jobs")
LEAST_DEADLINE, LONGEST_DEADLINE = 15, 1800  # seconds that Google waits for an answer over HTTP
MOST_REPETITIONS = 5  # Google's limit
PAUSE = timedelta(seconds=60)  # before a repetition
TICKS = 20  # looked at for the shortest time between two


def files() -> dict[Path, str]:
    return {
        FOLDER / f"{entry.name}-{number}.yaml": document(job(entry, number, schedule))
        for entry in table.tasks()
        for number, schedule in enumerate(entry.schedules, 1)
    }


def job(entry: Entry, number: int, schedule: Schedule) -> dict[str, Any]:
    origin = names.origin(entry.name)
    return {
        "name": f"projects/{PROJECT}/locations/{REGION}/jobs/{names.job(entry.name, number)}",
        "description": entry.description,
        "schedule": unix_cron(schedule),
        "timeZone": "Etc/UTC",
        "attemptDeadline": f"{min(max(entry.timeout, LEAST_DEADLINE), LONGEST_DEADLINE)}s",
        "retryConfig": retries(entry, schedule),
        "httpTarget": {
            "uri": f"{origin}/{entry.name}",
            "httpMethod": "POST",
            "oidcToken": {"serviceAccountEmail": names.email(names.SCHEDULER), "audience": origin},
        },
    }


def retries(entry: Entry, schedule: Schedule) -> dict[str, Any]:
    """As many repetitions as end before the next tick: while one runs on, Google skips the tick that it meets."""
    longest = timedelta(seconds=entry.timeout)
    fitting = (shortest(schedule) - longest) // (longest + PAUSE)
    pause = f"{PAUSE // timedelta(seconds=1)}s"
    count = max(0, min(fitting, MOST_REPETITIONS))
    return {"retryCount": count, "minBackoffDuration": pause, "maxBackoffDuration": pause}


def shortest(schedule: Schedule) -> timedelta:
    """The shortest time from one tick to the next."""
    ticks = [schedule.next_fire(EPOCH)]
    for _ in range(TICKS):
        ticks.append(schedule.next_fire(ticks[-1]))
    return min(after - before for before, after in pairwise(ticks))
