"""When a schedule fires next: `rate(5 minutes)` and `cron(0 2 * * ? *)` as AWS writes them. Times are UTC.

Sources: Amazon EventBridge's rate and cron expressions; cronsim for classic cron.
"""

import re
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError
from pydantic import field_validator

from shared.settings import Model

SECOND = timedelta(seconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
WEEKDAY = re.compile(r"(?<![#/\d])\d+")  # a number that names a day: not a step, not an n-th


class Schedule(Model):
    """One schedule expression.

    Raises:
        ValidationError: it is not one, or says something that classic cron cannot.
    """

    expression: str

    @field_validator("expression")
    @classmethod
    def readable(cls, expression: str) -> str:
        """Refuse what `next_fire` could not answer."""
        if expression.startswith("rate("):
            period(expression)
        else:
            next(CronSim(classic(expression), EPOCH), None)
        return expression

    def next_fire(self, after: datetime) -> datetime:
        """The first tick later than `after` (an aware time), in UTC.

        A rate counts from 1970-01-01 00:00 UTC, so every scheduler of the same table names the same ticks.
        """
        moment = after.astimezone(UTC)
        if self.is_rate:
            every = period(self.expression)
            return EPOCH + ((moment - EPOCH) // every + 1) * every
        return next(CronSim(classic(self.expression), moment))

    @property
    def is_rate(self) -> bool:
        return self.expression.startswith("rate(")

    def due_since(self, moment: datetime) -> datetime:
        """Since when a tick must have come by then: the last one of a cron, or one period before.

        Clouds count the periods of a rate from when its rule was made, so the ticks of a rate are not known here.
        """
        if self.is_rate:
            return moment - period(self.expression)
        return next(CronSim(classic(self.expression), moment.astimezone(UTC) + SECOND, reverse=True))

    def in_words(self) -> str:
        """The schedule as people say it: `Every 5 minutes`, `At 02:00 every day, UTC`."""
        if self.is_rate:
            return f"Every {RATE.sub(frequency, self.expression)}"
        return f"{CronSim(classic(self.expression), EPOCH).explain()}, UTC"


def frequency(rate: re.Match[str]) -> str:
    return rate[2] if rate[1] == "1" else f"{rate[1]} {rate[2]}s"


def period(expression: str) -> timedelta:
    """The time between two ticks of a rate.

    Raises:
        ValueError: it is not a rate, or not AWS's grammar (`1 minute`, `2 minutes`, never `0 days`).
    """
    match = RATE.fullmatch(expression)
    if match is None or int(match[1]) < 1 or (int(match[1]) == 1) != (match[3] == ""):
        raise ValueError(f"{expression!r} is not a rate, such as rate(1 minute) or rate(2 hours).")
    return int(match[1]) * UNITS[match[2]]


def classic(expression: str) -> str:
    """AWS's six-field cron as classic five-field cron.

    AWS counts days of the week from 1 = Sunday and wants `?` in exactly one of the two day fields.

    Raises:
        ValueError: classic cron cannot say it.
    """
    match = CRON.fullmatch(expression)
    if match is None:
        raise ValueError(f"{expression!r} is neither rate(…) nor cron(minute hour day month weekday year).")
    minute, hour, day, month, weekday, year = match.groups()
    if (day == "?") == (weekday == "?"):
        raise ValueError(f"{expression!r} needs ? for either the day or the weekday, and not for both.")
    if year != "*" or weekday == "L" or day.endswith("W") != (day == "LW"):
        raise ValueError(f"{expression!r} names a year, a bare L or a W, which classic cron cannot say.")
    fields = minute, hour, day.replace("?", "*"), month, from_sunday_zero(weekday.replace("?", "*"))
    try:
        CronSim(" ".join(fields), EPOCH)
    except CronSimError as error:
        raise ValueError(f"{expression!r} is not a cron expression: {error}.") from None
    return " ".join(fields)


def from_sunday_zero(weekday: str) -> str:
    """AWS's 1 to 7 as classic cron's 0 to 6, Sunday first; names stay.

    Raises:
        ValueError: there is no such day.
    """
    days = [int(number) for number in WEEKDAY.findall(weekday)]
    if any(day not in range(1, 8) for day in days):
        raise ValueError(f"Weekday {weekday!r} is not within 1 (Sunday) to 7 (Saturday).")
    return WEEKDAY.sub(lambda number: str(int(number[0]) - 1), weekday)
