"""apply-decay: once a date, missed dates too (seed 001, T1.5; spec, sections 1 and 10)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from functions.apply_decay import dates
from functions.apply_decay.main import apply_decay
from shared import table
from shared.resources import Resources
from tests import nightshift
from tests.integration.decay.absent import DAY, history, player, score
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()


async def run(resources: Resources, days: int = 0, trigger: str = "schedule", status: int = 200) -> Any:
    """Run it for the date that is so many days after DAY."""
    body = {"scheduled_for": f"{DAY + timedelta(days=days)}T00:00:00Z", "trigger": trigger}
    response = await nightshift.post(apply_decay, resources, body)
    assert response.status == status
    return nightshift.content(response)


async def days_of(conn: Connection, away: UUID) -> list[int]:
    """The dates that a player has paid for, in that order, as days after DAY."""
    return [(row["decay_date"] - DAY).days for row in await history(conn, away)]


def test_ac_t1_5_1_it_runs_daily_at_midnight_utc() -> None:
    """AC-T1.5.1."""
    [schedule] = table.lookup("apply-decay").schedules
    first = schedule.next_fire(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert first == datetime(2026, 1, 2, tzinfo=UTC)
    assert schedule.next_fire(first) == datetime(2026, 1, 3, tzinfo=UTC)


async def test_ac_t1_5_2_it_applies_the_decay_of_its_date(conn: Connection, resources: Resources) -> None:
    """AC-T1.5.2."""
    away = await player(conn)
    answer = await run(resources)
    assert (answer["status"], answer["processed"]) == ("success", 1)
    assert (await score(conn, away), await days_of(conn, away)) == (45, [0])


async def test_ac_t1_5_3_the_history_has_what_was_done(conn: Connection, resources: Resources) -> None:
    """AC-T1.5.3."""
    for lost in (1, 50):
        await player(conn, relationship_score=lost)
    await player(conn, away=1)
    row = await nightshift.row(conn, "job_history", UUID((await run(resources))["run_id"]))
    assert (row["job_name"], row["run_key"], row["status"], row["items_processed"]) == (
        *("apply-decay", str(DAY), "success"),
        2,
    )
    counts = {"looked_at": 3, "decayed": 2, "game_over": 1}
    assert row["metadata"] == {"dates": {str(DAY): counts}, "caught_up": 0}


async def test_a_date_is_run_once_by_its_tick(conn: Connection, resources: Resources) -> None:
    await run(resources)
    away = await player(conn)
    again = await run(resources, trigger="admin")
    assert (again["status"], await score(conn, away)) == ("skipped", 50)


async def test_of_two_calls_at_once_one_runs_and_the_other_is_skipped(conn: Connection, resources: Resources) -> None:
    away = await player(conn)
    answers = await asyncio.gather(run(resources), run(resources))
    assert sorted(answer["status"] for answer in answers) == ["skipped", "success"]
    assert await days_of(conn, away) == [0]


async def test_the_first_run_ever_makes_up_for_nothing(conn: Connection, resources: Resources) -> None:
    away = await player(conn)
    await run(resources, days=3)
    assert await days_of(conn, away) == [3]


async def test_dates_that_were_missed_are_made_up_for_oldest_first(conn: Connection, resources: Resources) -> None:
    await run(resources)
    away = await player(conn)
    answer = await run(resources, days=4)
    assert await days_of(conn, away) == [1, 2, 3, 4]
    assert (answer["processed"], answer["detail"]["caught_up"]) == (4, 3)
    assert [counts["decayed"] for counts in answer["detail"]["dates"].values()] == [1, 1, 1, 1]


async def test_a_date_that_is_made_up_for_is_not_missed_any_more(conn: Connection, resources: Resources) -> None:
    await run(resources)
    await run(resources, days=3)
    away = await player(conn)
    assert (await run(resources, days=4))["detail"]["caught_up"] == 0
    assert await days_of(conn, away) == [4]


async def test_no_more_than_seven_dates_are_made_up_for(conn: Connection, resources: Resources) -> None:
    await run(resources)
    away = await player(conn)
    await run(resources, days=30)
    assert await days_of(conn, away) == list(range(23, 31))


async def test_a_missed_date_can_be_run_by_hand_after_a_later_one(conn: Connection, resources: Resources) -> None:
    await run(resources, days=5)
    away = await player(conn)
    await run(resources, days=2, trigger="admin")
    assert await days_of(conn, away) == [2]


async def test_what_is_done_stays_done_when_a_later_date_fails(conn: Connection, resources: Resources) -> None:
    await run(resources)
    away = await player(conn)
    second, third = (DAY + timedelta(days=days) for days in (1, 2))
    trap = "check (event_type <> 'decay' or decay_date <> date '{}') not valid"
    await conn.execute(f"alter table score_history add constraint trap {trap.format(third)}".encode())
    failed = await run(resources, days=3, status=500)
    row = await nightshift.row(conn, "job_history", UUID(failed["run_id"]))
    assert (row["status"], row["error_message"], row["items_processed"]) == ("failed", "CheckViolation", 1)
    assert list(row["metadata"]["dates"]) == [str(second)]
    await conn.execute("alter table score_history drop constraint trap")
    assert (await run(resources, days=3))["detail"]["caught_up"] == 1
    assert await days_of(conn, away) == [1, 2, 3]


async def test_with_little_time_left_no_further_date_is_begun(conn: Connection, database_url: str) -> None:
    hurried = Resources(nightshift.settings(database_url, timeout_seconds=dates.RESERVE))
    await run(hurried)
    away = await player(conn)
    problem = await run(hurried, days=2, status=500)
    row = await nightshift.row(conn, "job_history", UUID(problem["run_id"]))
    await hurried.close()
    assert await days_of(conn, away) == [1]
    assert row["error_message"].startswith(f"No time was left for the decay of {DAY + timedelta(days=2)}.")


async def test_a_date_that_lost_in_a_deadlock_is_run_again(
    conn: Connection, watcher: Connection, resources: Resources
) -> None:
    first, second = sorted([await player(conn), await player(conn)])
    await conn.execute("set deadlock_timeout = '1min'")  # so that it is the other who finds out, and gives in
    async with conn.transaction():
        await conn.execute("select 1 from users where id = %s for update", [second])
        night = await begun_and_waiting(watcher, run(resources))
        await conn.execute("select 1 from users where id = %s for update", [first])
    assert (await night)["processed"] == 2
    assert [await days_of(conn, each) for each in (first, second)] == [[0], [0]]


async def test_a_date_may_take_longer_than_a_statement_by_itself(conn: Connection, database_url: str) -> None:
    patient = Resources(nightshift.settings(database_url, db_timeout=0.2))
    away = await player(conn)
    await conn.execute(
        "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.5); return new; end $$"
    )
    await conn.execute("create trigger slow before insert on score_history for each row execute function slow()")
    await run(patient)
    await patient.close()
    assert await score(conn, away) == 45


async def test_an_empty_database_is_a_quiet_night(resources: Resources) -> None:
    assert (await run(resources))["processed"] == 0
