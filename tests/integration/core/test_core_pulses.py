"""Pulses: that passes come, idle or not, for one statement at most; and which have not come."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.deliver_responses.main import deliver_responses
from functions.generate_summaries.main import generate_summaries
from shared import pulses, table
from shared.db import Database
from shared.pulses import Pulse
from shared.resources import Resources
from shared.task import Run, task
from shared.web import App
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.nightshift import Connection

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATE = timedelta(minutes=3)


async def rest(_run: Run) -> None:
    """A pass that finds nothing."""


async def work(run: Run) -> None:
    run.opened = True


async def fail(_run: Run) -> None:
    raise KeyError


async def pulse_of(conn: Connection, job: str) -> dict[str, Any]:
    cursor = await conn.execute("select * from job_pulses where job = %s", [job])
    return await cursor.fetchone() or {}


async def put_back(conn: Connection, job: str, minutes: float, *columns: str) -> None:
    for column in columns:
        await conn.execute(
            f"update job_pulses set {column} = {column} - make_interval(secs => %s) where job = %s",  # noqa: S608
            [minutes * 60, job],
        )


@pytest.mark.parametrize("app", [task("a-task")(rest), task("a-task")(work), task("a-task", once_per="day")(rest)])
async def test_each_pass_is_counted_once(app: App, resources: Resources, conn: Connection) -> None:
    for _ in range(3):
        await nightshift.post(app, resources)
    assert (await pulse_of(conn, "a-task"))["passes"] == 3


async def test_a_pass_that_fails_has_begun_all_the_same(resources: Resources, conn: Connection) -> None:
    await nightshift.post(task("a-task")(fail), resources)
    assert (await pulse_of(conn, "a-task"))["passes"] == 1


async def test_an_idle_pass_of_a_queue_is_noted_by_its_claim(resources: Resources, conn: Connection) -> None:
    await nightshift.post(deliver_responses, resources)
    before = resources.db.round_trips
    await nightshift.post(deliver_responses, resources)
    assert (await pulse_of(conn, "deliver-responses"))["passes"] == 2
    assert resources.db.round_trips - before == 2


async def test_a_pass_with_rows_is_noted_once_however_many_claims_it_makes(
    database_url: str, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.deliver_responses.main.CLAIM", 1)
    nobody = {"telegram_api_base": "http://127.0.0.1:9", "telegram_bot_token": "1:a", "linger_seconds": 0.3}
    made = Resources(nightshift.settings(database_url, **nobody))
    for chat in range(3):
        await nightshift.reply(conn, chat)
    await nightshift.post(deliver_responses, made)
    assert (await pulse_of(conn, "deliver-responses"))["passes"] == 1
    await made.close()


async def test_a_pass_that_opens_its_row_with_its_work_is_noted_once(resources: Resources, conn: Connection) -> None:
    await nightshift.post(generate_summaries, resources, {"scheduled_for": "2026-01-02T03:04:05Z"})
    assert (await pulse_of(conn, "generate-summaries"))["passes"] == 1


async def test_passes_that_come_at_once_are_all_counted(database_url: str, conn: Connection) -> None:
    callers = [Database(database_url, pool_max=1, timeout=20) for _ in range(8)]
    await asyncio.gather(*(pulses.pulse(caller, "a-task", LATE) for caller in callers))
    assert (await pulse_of(conn, "a-task"))["passes"] == 8
    for caller in callers:
        await caller.close()


async def test_passes_are_steady_until_one_is_late(db: Database, conn: Connection) -> None:
    await pulses.pulse(db, "a-task", LATE)
    first = (await pulse_of(conn, "a-task"))["steady_since"]
    await put_back(conn, "a-task", 5, "began_at")
    await pulses.pulse(db, "a-task", LATE)
    steady = (await pulse_of(conn, "a-task"))["steady_since"]
    await put_back(conn, "a-task", 7, "began_at")
    await pulses.pulse(db, "a-task", LATE)
    again = await pulse_of(conn, "a-task")
    assert steady == first
    assert again["steady_since"] == again["began_at"]


async def test_a_job_that_is_new_is_missed_from_when_it_was_expected_and_not_before(db: Database) -> None:
    await pulses.expect(db, ["a-task"])
    first = (await pulses.pulses(db, ["a-task"]))["a-task"]
    await pulses.expect(db, ["a-task", "another"])
    again = await pulses.pulses(db, ["a-task", "another", "a-third"])
    assert first.began_at is None
    assert set(again) == {"a-task", "another"}
    assert again["a-task"].since == first.since


def found(minutes_ago: float) -> Pulse:
    began = NOW - timedelta(minutes=minutes_ago)
    return Pulse("a-task", began, began, began)


@pytest.mark.parametrize(
    ("job", "began", "awake", "missed"),
    [
        ("deliver-responses", 3.9, 600, False),
        ("deliver-responses", 4.1, 600, True),
        ("process-webhook-retries", 7.9, 600, False),
        ("process-webhook-retries", 8.1, 600, True),
        ("apply-decay", 12 * 60 - 1, 600, False),  # began at 00:01
        ("apply-decay", 12 * 60 + 1, 600, True),  # at 23:59, and not at midnight
        ("deliver-responses", 500, 3.9, False),  # whoever watches was away as well, and has just come back
        ("deliver-responses", 500, 4.1, True),
        ("apply-decay", 12 * 60 + 1, 2.9, False),
        ("apply-decay", 12 * 60 + 1, 3.1, True),  # no later tick makes up for a day's
    ],
)
def test_a_task_is_missed_once_its_tick_is_late(job: str, began: float, awake: float, missed: bool) -> None:  # noqa: FBT001
    task, since = table.lookup(job), NOW - timedelta(minutes=awake)
    assert pulses.overdue(task, found(began), NOW, LATE, since) is missed


@pytest.fixture
async def told(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=receiver.url))
    yield made
    await made.close()


async def steady(conn: Connection, resources: Resources, job: str, minutes: float) -> None:
    """A job's passes have come for so long, the last one just now."""
    await pulses.pulse(resources.db, job, LATE)
    await put_back(conn, job, minutes, "steady_since")


@pytest.mark.parametrize("app", [task("a-task")(rest), task("a-task")(work)], ids=["idle", "with work"])
async def test_a_task_that_finds_the_watch_silent_tells_of_it_at_once(
    app: App, told: Resources, conn: Connection, receiver: Receiver
) -> None:
    await steady(conn, told, "a-task", 10)
    await steady(conn, told, "watch", 10)
    await put_back(conn, "watch", 5, "began_at")
    for _ in range(2):
        await nightshift.post(app, told)
    assert [b"missed:watch" in got.body for got in receiver.got] == [True]


async def test_a_task_that_was_away_itself_says_nothing(told: Resources, conn: Connection, receiver: Receiver) -> None:
    await steady(conn, told, "watch", 10)
    await put_back(conn, "watch", 5, "began_at")
    await nightshift.post(task("a-task")(rest), told)
    assert receiver.got == []


async def test_while_the_watch_comes_nobody_tells_anything(
    told: Resources, conn: Connection, receiver: Receiver
) -> None:
    await steady(conn, told, "a-task", 10)
    await steady(conn, told, "watch", 10)
    await nightshift.post(task("a-task")(rest), told)
    assert receiver.got == []
