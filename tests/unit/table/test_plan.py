"""Which ticks the scheduler fires."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from infra.local.plan import Plan, latest, remember, remembered
from shared.schedule import Schedule
from shared.table import Entry

NOON = datetime(2026, 1, 2, 12, 0, 30, tzinfo=UTC)


def entry(name: str, *expressions: str) -> Entry:
    row = {"handler": f"functions/{name}/main.handler", "description": "Works.", "timeout": 9, "memorySize": 128}
    return Entry.model_validate({**row, "name": name, "schedules": [{"expression": each} for each in expressions]})


def test_a_task_that_never_fired_catches_up_its_latest_tick() -> None:
    plan = Plan([entry("daily", "cron(0 0 * * ? *)"), entry("minutely", "rate(1 minute)")], {})
    ticks = {task.name: tick for task, tick in plan.due(NOON)}
    assert ticks == {"daily": NOON.replace(hour=0, second=0), "minutely": NOON.replace(second=0)}


def test_a_tick_fires_once() -> None:
    plan = Plan([entry("minutely", "rate(1 minute)")], {})
    assert len(list(plan.due(NOON))) == 1
    assert not list(plan.due(NOON + timedelta(seconds=29)))
    assert len(list(plan.due(NOON + timedelta(seconds=30)))) == 1


def test_of_many_missed_ticks_only_the_latest_fires() -> None:
    plan = Plan([entry("minutely", "rate(1 minute)")], {"minutely": NOON - timedelta(days=3)})
    assert [tick for _, tick in plan.due(NOON)] == [NOON.replace(second=0)]


def test_a_clock_that_is_set_back_fires_nothing_twice() -> None:
    plan = Plan([entry("minutely", "rate(1 minute)")], {"minutely": NOON + timedelta(hours=1)})
    assert not list(plan.due(NOON))


def test_what_has_no_schedule_never_fires() -> None:
    plan = Plan([entry("http")], {})
    assert not list(plan.due(NOON))
    assert plan.next_tick(NOON) is None


def test_the_soonest_of_several_schedules_is_waited_for() -> None:
    plan = Plan([entry("both", "rate(1 day)", "rate(5 minutes)"), entry("hourly", "rate(1 hour)")], {})
    assert plan.next_tick(NOON) == NOON.replace(minute=5, second=0)


@given(
    st.sampled_from(["rate(1 minute)", "rate(3 hours)", "cron(0 2 * * ? *)", "cron(0 9 ? * 2 *)"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_latest_tick_is_the_one_before_the_next(expression: str, now: datetime) -> None:
    schedule = Schedule(expression=expression)
    tick = latest(schedule, now)
    assert tick is not None
    assert tick <= now < schedule.next_fire(tick)


def test_a_tick_more_than_a_month_ago_is_not_caught_up() -> None:
    assert latest(Schedule(expression="cron(0 0 1 6 ? *)"), NOON) is None


def test_ticks_are_remembered(tmp_path: Path) -> None:
    remember(tmp_path / "memory.json", {"daily": NOON})
    assert remembered(tmp_path / "memory.json") == {"daily": NOON}


def test_a_memory_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text("{not json")
    assert remembered(tmp_path / "memory.json") == {}
    assert remembered(tmp_path / "absent.json") == {}
