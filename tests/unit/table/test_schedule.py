"""When a schedule fires next."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.schedule import Schedule

WHENEVER = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
RATES = st.sampled_from(["rate(1 minute)", "rate(7 minutes)", "rate(1 hour)", "rate(5 hours)", "rate(1 day)"])
CRONS = st.sampled_from(
    ["cron(0 0 * * ? *)", "cron(0 2 * * ? *)", "cron(0/15 8-18 ? * MON-FRI *)", "cron(5 4 L * ? *)"]
)
SCHEDULES = st.one_of(RATES, CRONS).map(lambda text: Schedule(expression=text))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(SCHEDULES, WHENEVER)
def test_a_tick_is_later_than_the_moment_asked_for(schedule: Schedule, after: datetime) -> None:
    assert schedule.next_fire(after) > after


@given(SCHEDULES, WHENEVER)
def test_no_tick_lies_between_a_moment_and_its_next_tick(schedule: Schedule, after: datetime) -> None:
    tick = schedule.next_fire(after)
    assert schedule.next_fire(tick - timedelta(microseconds=1)) == tick


@given(RATES, WHENEVER)
def test_a_rate_ticks_evenly(rate: str, after: datetime) -> None:
    schedule = Schedule(expression=rate)
    one = schedule.next_fire(after)
    two = schedule.next_fire(one)
    assert schedule.next_fire(two) - two == two - one


@given(SCHEDULES, WHENEVER, st.integers(-12, 14))
def test_the_time_zone_of_the_question_does_not_matter(schedule: Schedule, after: datetime, hours: int) -> None:
    elsewhere = after.astimezone(timezone(timedelta(hours=hours)))
    assert schedule.next_fire(elsewhere) == schedule.next_fire(after)


@pytest.mark.parametrize(
    ("expression", "after", "tick"),
    [
        ("rate(1 minute)", "2026-01-02T03:04:05", "2026-01-02T03:05:00"),
        ("rate(5 minutes)", "2026-01-02T03:05:00", "2026-01-02T03:10:00"),
        ("rate(2 hours)", "2026-01-02T03:05:00", "2026-01-02T04:00:00"),
        ("rate(1 day)", "2026-01-02T03:05:00", "2026-01-03T00:00:00"),
        ("cron(0 0 * * ? *)", "2026-01-02T03:05:00", "2026-01-03T00:00:00"),
        ("cron(0 2 * * ? *)", "2026-01-02T01:59:59", "2026-01-02T02:00:00"),
        ("cron(0/30 * * * ? *)", "2026-01-02T01:59:59", "2026-01-02T02:00:00"),
        ("cron(0 9 ? * 2 *)", "2026-01-02T00:00:00", "2026-01-05T09:00:00"),  # AWS's 2 is a Monday
        ("cron(0 9 ? * 1,7 *)", "2026-01-02T00:00:00", "2026-01-03T09:00:00"),
        ("cron(0 9 ? * 6#2 *)", "2026-01-02T00:00:00", "2026-01-09T09:00:00"),  # the second Friday
        ("cron(0 9 ? * 6L *)", "2026-01-02T00:00:00", "2026-01-30T09:00:00"),  # the last Friday
        ("cron(0 9 L * ? *)", "2026-02-02T00:00:00", "2026-02-28T09:00:00"),
    ],
)
def test_a_tick_is_where_aws_has_it(expression: str, after: str, tick: str) -> None:
    assert Schedule(expression=expression).next_fire(at(after)) == at(tick)


@pytest.mark.parametrize(
    "expression",
    [
        "every minute",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(30 seconds)",
        "rate(-5 minutes)",
        "* * * * *",
        "cron(* * * * *)",
        "cron(0 0 * * * *)",
        "cron(0 0 ? * ? *)",
        "cron(0 0 * * ? 2027)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * L *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * 0 *)",
        "cron(61 0 * * ? *)",
        "cron(0 0 ? * FRI-MON *)",
    ],
)
def test_what_cannot_be_followed_is_refused(expression: str) -> None:
    with pytest.raises(ValidationError):
        Schedule(expression=expression)


def test_a_date_that_never_comes_is_refused() -> None:
    with pytest.raises(ValidationError):
        Schedule(expression="cron(0 0 30 2 ? *)")
