"""Alerts: once per cause and fifteen minutes, with a recovery notice, and never in the way (spec, section 10)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.program import free_port
from shared import alerts
from shared.causes import Cause
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.integration.queue.desk import connect
from tests.integration.queue.waiting import until
from tests.nightshift import Connection

TARGETS = "https://hooks.slack.com/services/T0/B0/secret, https://ops.example.org/hook"
FAILED = Cause("failed", "a-task", {"why": "KeyError", "run": "7"})


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Resources]:
    """Resources of a deployment in which two receivers are told."""
    made = Resources(nightshift.settings(database_url, alert_webhook_url=TARGETS))
    yield made
    await made.close()


def failed(job: str) -> Cause:
    return Cause("failed", job, {"why": "KeyError", "run": "7"})


async def queued(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from alert_queue order by id")).fetchall()


async def kinds(conn: Connection) -> list[str]:
    """What the first receiver is to be told, in order."""
    return [row["kind"] for row in await queued(conn) if row["target"].startswith("hooks.slack.com")]


async def put_back(conn: Connection, minutes: float) -> None:
    await conn.execute("update alert_states set sent_at = sent_at - make_interval(secs => %s)", [minutes * 60])


async def test_a_cause_is_told_of_once_in_fifteen_minutes(told: Resources, conn: Connection) -> None:
    assert [await alerts.alarm(told, FAILED) for _ in range(3)] == [True, False, False]
    await put_back(conn, 14.9)
    assert not await alerts.alarm(told, FAILED)
    await put_back(conn, 0.2)
    assert await alerts.alarm(told, FAILED)
    assert await kinds(conn) == ["alarm", "alarm"]


async def test_of_many_who_notice_at_once_one_tells(database_url: str, told: Resources, conn: Connection) -> None:
    """All of them wait for the row of the cause, which another transaction holds, and go on together."""
    await alerts.alarm(told, FAILED)
    await put_back(conn, 16)
    callers = [Resources(nightshift.settings(database_url, alert_webhook_url=TARGETS)) for _ in range(8)]
    async with await connect(database_url) as other, conn.transaction():
        await conn.execute("select from alert_states where cause = %s for update", [FAILED.name])
        calls = [asyncio.create_task(alerts.alarm(caller, FAILED)) for caller in callers]
        await everybody_waits(other, len(callers))
    assert sorted(await asyncio.gather(*calls)) == [False] * 7 + [True]
    assert await kinds(conn) == ["alarm", "alarm"]
    for caller in callers:
        await caller.close()


async def everybody_waits(watcher: Connection, number: int) -> None:
    async def waits() -> bool:
        cursor = await watcher.execute(
            "select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool((await cursor.fetchone() or {})["n"] >= number)

    await until(waits)


async def test_each_cause_is_told_of_by_itself(told: Resources) -> None:
    assert [await alerts.alarm(told, failed(job)) for job in ("a", "b", "a")] == [True, True, False]


async def test_what_lasts_for_long_is_told_again_less_often(told: Resources, conn: Connection) -> None:
    breaker = Cause("breaker", "email_queue", {"why": "smtp: no answer"})
    assert await alerts.alarm(told, breaker)
    await put_back(conn, 59)
    assert not await alerts.alarm(told, breaker)
    await put_back(conn, 2)
    assert await alerts.alarm(told, breaker)


async def test_what_had_ended_is_told_of_anew_after_fifteen_minutes(told: Resources, conn: Connection) -> None:
    breaker = Cause("breaker", "email_queue", {"why": "smtp: no answer"})
    await alerts.alarm(told, breaker)
    await alerts.resolve(told, breaker.name)
    await put_back(conn, 16)
    assert await alerts.alarm(told, breaker)


async def test_the_end_of_a_cause_is_told_once(told: Resources, conn: Connection) -> None:
    await alerts.alarm(told, FAILED)
    assert [await alerts.resolve(told, FAILED.name, "killed:a-task") for _ in range(2)] == [[FAILED.name], []]
    assert await kinds(conn) == ["alarm", "recovery"]


async def test_the_end_of_what_nobody_heard_of_is_not_told(told: Resources, conn: Connection) -> None:
    assert await alerts.resolve(told, FAILED.name) == []
    assert await queued(conn) == []


async def test_a_cause_that_comes_and_goes_is_told_of_once_in_fifteen_minutes(
    told: Resources, conn: Connection
) -> None:
    for _ in range(5):
        await alerts.alarm(told, FAILED)
        await alerts.resolve(told, FAILED.name)
    assert await kinds(conn) == ["alarm", "recovery"]
    await put_back(conn, 16)
    await alerts.alarm(told, FAILED)
    assert await kinds(conn) == ["alarm", "recovery", "alarm"]


async def test_each_receiver_has_a_row_that_does_not_name_its_secret(told: Resources, conn: Connection) -> None:
    await alerts.alarm(told, FAILED)
    rows = await queued(conn)
    assert sorted(row["target"].partition("#")[0] for row in rows) == ["hooks.slack.com", "ops.example.org"]
    assert {row["target"] for row in rows} == set(alerts.recipients(told.settings))
    assert not any("secret" in str(row) for row in rows)


async def test_an_alarm_says_what_is_wrong_since_when_what_to_do_and_where_to_look(
    told: Resources, conn: Connection
) -> None:
    since = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    await alerts.alarm(told, Cause("missed", "apply-decay", since=since))
    row = (await queued(conn))[0]
    assert (row["summary"], row["since"]) == ("apply-decay has not begun when it should have.", since)
    assert row["advice"].endswith("start it by hand: nightshift run apply-decay.")
    assert row["page"] == "/tasks/apply-decay"


async def test_what_names_no_time_is_told_of_since_it_was_first_noticed(told: Resources, conn: Connection) -> None:
    await alerts.alarm(told, FAILED)
    await conn.execute("update alert_states set raised_at = now() - interval '1 hour'")
    await put_back(conn, 16)
    await alerts.alarm(told, FAILED)
    again = (await queued(conn))[-1]
    assert again["created_at"] - again["since"] > timedelta(minutes=59)


async def test_without_a_webhook_what_is_wrong_is_noted_and_nobody_is_told(
    resources: Resources, conn: Connection
) -> None:
    await alerts.alarm(resources, FAILED)
    cursor = await conn.execute("select cause, resolved_at from alert_states")
    assert await cursor.fetchall() == [{"cause": FAILED.name, "resolved_at": None}]
    assert await queued(conn) == []


async def test_trouble_of_the_alerts_themselves_is_noted_and_makes_no_further_alert(
    told: Resources, conn: Connection
) -> None:
    dead = Cause("dead", "alert_queue", {"dead": 3})
    assert await alerts.alarm(told, dead)
    assert await alerts.resolve(told, dead.name) == [dead.name]
    assert await queued(conn) == []


async def test_telling_takes_one_statement_and_waits_for_no_receiver(told: Resources) -> None:
    await alerts.resolve(told, FAILED.name)
    before = told.db.round_trips
    await alerts.alarm(told, FAILED)
    await alerts.resolve(told, FAILED.name)
    assert told.db.round_trips - before == 2
    assert "http" not in vars(told)


async def test_that_nobody_watches_is_told_at_once(database_url: str, receiver: Receiver, conn: Connection) -> None:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=f"{receiver.url}/hook"))
    silent = Cause("missed", "watch", since=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    assert [await alerts.alarm(made, silent) for _ in range(2)] == [True, False]
    [got] = receiver.got
    assert json.loads(got.body)["since"] == "2026-01-02T03:04:00+00:00"
    assert await queued(conn) == []
    await made.close()


@pytest.fixture
async def away(receiver: Receiver) -> AsyncIterator[Resources]:
    """A database that is not there."""
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/none"
    made = Resources(nightshift.settings(url, alert_webhook_url=receiver.url, db_timeout="200ms"))
    alerts._told.clear()
    yield made
    await made.close()


async def test_without_a_database_the_alarm_still_goes_out_and_once(away: Resources, receiver: Receiver) -> None:
    assert [await alerts.alarm(away, failed("db-is-away")) for _ in range(2)] == [True, False]
    assert await alerts.resolve(away, "failed:db-is-away") == []
    assert [json.loads(got.body)["cause"] for got in receiver.got] == ["failed:db-is-away"]


async def test_without_a_database_a_receiver_that_refuses_does_no_harm(away: Resources, receiver: Receiver) -> None:
    receiver.status = 500
    assert await alerts.alarm(away, failed("db-is-away-too"))
    await receiver.__aexit__()
    assert await alerts.alarm(away, failed("all-is-away"))
