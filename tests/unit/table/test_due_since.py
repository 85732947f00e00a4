"""Since when a tick must have come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schedule import Schedule

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@pytest.mark.parametrize(
    ("expression", "moment", "since"),
    [
        ("rate(1 minute)", NOON, NOON - timedelta(minutes=1)),
        ("rate(5 minutes)", NOON + timedelta(seconds=7), NOON - timedelta(seconds=293)),
        ("cron(0 0 * * ? *)", NOON, datetime(2026, 1, 2, tzinfo=UTC)),
        ("cron(0 0 * * ? *)", datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        ("cron(0 0 * * ? *)", datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("cron(30 2 ? * 2 *)", NOON, datetime(2025, 12, 29, 2, 30, tzinfo=UTC)),
    ],
)
def test_a_tick_must_have_come_since(expression: str, moment: datetime, since: datetime) -> None:
    assert Schedule(expression=expression).due_since(moment) == since


@given(MOMENTS, st.sampled_from(["cron(0 0 * * ? *)", "cron(*/7 3,4 * * ? *)", "cron(0 12 ? * 2-6 *)"]))
def test_a_crons_last_tick_is_followed_by_the_next_one_only_after_that_moment(
    moment: datetime, expression: str
) -> None:
    schedule = Schedule(expression=expression)
    assert schedule.due_since(moment) <= moment < schedule.next_fire(schedule.due_since(moment)) + timedelta(seconds=1)
