"""A schedule of the table in the five fields that Google's and PostgreSQL's cron read (Vixie's dialect). UTC.

Sources: cloud.google.com/scheduler/docs/configuring/cron-job-schedules; github.com/citusdata/pg_cron.
"""

import re
from datetime import timedelta

from shared.errors import ConfigurationError
from shared.schedule import Schedule, classic, period

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAST = (59, 23, 31, 12, 6)  # of each field: minute, hour, day, month, weekday
STEPS = re.compile(r"(?<![\d*-])(\d+)/")  # AWS's 5/15: from 5 on. Vixie's cron wants the end, too


def unix_cron(schedule: Schedule) -> str:
    """The same ticks in five fields.

    Raises:
        ConfigurationError: they cannot say it.
    """
    text = schedule.expression
    return of_rate(text) if text.startswith("rate(") else of_cron(text)


def of_rate(expression: str) -> str:
    """A rate that divides the hour or the day; others would be uneven where the hour or the day begins anew."""
    every = period(expression)
    if every == MINUTE:
        return "* * * * *"
    if every < HOUR and HOUR % every == timedelta(0):
        return f"*/{every // MINUTE} * * * *"
    if every == DAY:
        return "0 0 * * *"
    if every % HOUR == timedelta(0) and DAY % every == timedelta(0):
        return "0 * * * *" if every == HOUR else f"0 */{every // HOUR} * * *"
    raise ConfigurationError(
        f"{expression} in serverless.yml divides neither the hour nor the day, so that cron cannot say it: "
        "take another rate, or cron(…) with the hours and minutes."
    )


def of_cron(expression: str) -> str:
    fields = classic(expression).split()
    if any(mark in field for field in fields for mark in "L#"):
        raise ConfigurationError(
            f"{expression} in serverless.yml names a last or an n-th day, which neither Google's nor PostgreSQL's cron "
            "knows: name days of the month."
        )
    return " ".join(STEPS.sub(rf"\1-{last}/", field) for field, last in zip(fields, LAST, strict=True))
