"""AWS's schedules in the five fields of Google's and PostgreSQL's cron."""

from datetime import UTC, datetime

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from infra.render.unix_cron import unix_cron
from shared.errors import ConfigurationError
from shared.schedule import Schedule

SAID = {
    "rate(1 minute)": "* * * * *",
    "rate(5 minutes)": "*/5 * * * *",
    "rate(30 minutes)": "*/30 * * * *",
    "rate(60 minutes)": "0 * * * *",
    "rate(1 hour)": "0 * * * *",
    "rate(6 hours)": "0 */6 * * *",
    "rate(24 hours)": "0 0 * * *",
    "rate(1 day)": "0 0 * * *",
    "cron(0 0 * * ? *)": "0 0 * * *",
    "cron(15 2 1,15 * ? *)": "15 2 1,15 * *",
    "cron(0/15 8-18 ? * MON-FRI *)": "0-59/15 8-18 * * MON-FRI",
    "cron(5/20 0/6 * * ? *)": "5-59/20 0-23/6 * * *",
    "cron(0 9 ? * 1,7 *)": "0 9 * * 0,6",
    "cron(*/10 1-5/2 * * ? *)": "*/10 1-5/2 * * *",
}


@pytest.mark.parametrize(("expression", "fields"), SAID.items())
def test_a_schedule_is_said_in_five_fields(expression: str, fields: str) -> None:
    assert unix_cron(Schedule(expression=expression)) == fields


@given(
    st.sampled_from(sorted(SAID)),
    st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_they_name_the_same_ticks(expression: str, after: datetime) -> None:
    schedule = Schedule(expression=expression)
    assert next(CronSim(unix_cron(schedule), after)) == schedule.next_fire(after)


@pytest.mark.parametrize(
    "expression",
    ["rate(7 minutes)", "rate(45 minutes)", "rate(90 minutes)", "rate(5 hours)", "rate(2 days)", "rate(36 hours)"],
)
def test_a_rate_that_cron_would_make_uneven_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="cron cannot say it") as caught:
        unix_cron(Schedule(expression=expression))
    assert expression in caught.value.detail


@pytest.mark.parametrize("expression", ["cron(0 9 L * ? *)", "cron(0 9 ? * 6L *)", "cron(0 9 ? * 6#2 *)"])
def test_days_that_only_aws_knows_are_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="last or an n-th day"):
        unix_cron(Schedule(expression=expression))
