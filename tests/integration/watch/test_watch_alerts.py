"""Alerts on their way: retried on their ladder, each receiver by itself, in order, and requeued by an operator."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from functions.admin.main import app as admin
from shared import alerts
from shared.causes import Cause
from shared.resources import Resources
from shared.web import Request
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.integration.watch.conftest import SECRET
from tests.integration.watch.watching import awake, causes, later, look, told
from tests.nightshift import SERVICE_KEY, Connection

FAILED = Cause("failed", "apply-decay", {"why": "KeyError", "run": "7"})


async def rows(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from alert_queue order by id")).fetchall()


async def call(resources: Resources, method: str, path: str) -> Any:
    request = Request(method, path, {"authorization": f"Bearer {SERVICE_KEY}"})
    return nightshift.content(await admin(request, resources))


async def test_an_alert_is_sent_within_the_next_pass_and_verifies(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await alerts.alarm(resources, FAILED)
    answer = await look(resources)
    [got] = receiver.got
    message = Webhook(SECRET).verify(got.body, got.headers)
    assert (message["kind"], message["cause"]) == ("alarm", "failed:apply-decay")
    assert message["text"].startswith("apply-decay failed (KeyError). Since ")
    assert message["text"].endswith(" it runs again on schedule. http://127.0.0.1:8080/console/runs/7")
    assert (answer["processed"], (await rows(conn))[0]["status"]) == (1, "sent")


async def test_a_receiver_that_was_away_gets_the_same_alert_under_the_same_id(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await alerts.alarm(resources, FAILED)
    for status, minutes in ((500, 0.2), (502, 1.2), (200, 0)):
        receiver.status = status
        await look(resources)
        await later(conn, minutes)
        await awake(conn)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert {json.loads(got.body)["cause"] for got in receiver.got} == {"failed:apply-decay"}
    assert len(receiver.got) == 3
    [row] = await rows(conn)
    assert (row["status"], row["attempts"], [each["fate"] for each in row["history"]]) == (
        "sent",
        3,
        ["retry", "retry", "done"],
    )


async def test_two_alerts_have_two_ids(conn: Connection, resources: Resources, receiver: Receiver) -> None:
    await alerts.alarm(resources, FAILED)
    await alerts.alarm(resources, Cause("failed", "cleanup-stale", {"why": "KeyError", "run": "8"}))
    await look(resources)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 2


async def test_a_receiver_that_is_away_for_good_costs_its_alerts_and_nobody_elses(
    conn: Connection, both: Resources, receiver: Receiver, other: Receiver
) -> None:
    await receiver.__aexit__()
    for job in ("a", "b", "c", "d", "e", "f"):
        await alerts.alarm(both, Cause("failed", job, {"why": "KeyError", "run": "7"}))
    await look(both)
    await later(conn, 0.2)
    await look(both)
    cursor = await conn.execute("select opened_at from queues where name = 'alert_queue'")
    assert (await cursor.fetchone() or {})["opened_at"] is None
    assert sorted(cause for _, cause in told(other)) == [f"failed:{job}" for job in "abcdef"]


async def test_after_the_last_step_of_the_ladder_it_is_a_dead_letter(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    receiver.status = 500
    await alerts.alarm(resources, FAILED)
    await conn.execute("update alert_queue set attempts = 5")
    await look(resources)
    [row] = await rows(conn)
    assert (row["status"], row["last_error"]) == ("dead_letter", "the receiver answered 500")


async def test_an_alert_that_died_makes_no_further_alert(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    receiver.status = 410
    await alerts.alarm(resources, FAILED)
    for _ in range(3):
        await look(resources)
        await later(conn, 20)
        await awake(conn)
    assert "dead:alert_queue" in await causes(conn)
    assert [(row["cause"], row["status"]) for row in await rows(conn)] == [("failed:apply-decay", "dead_letter")]
    assert len(receiver.got) == 1


async def test_a_receiver_that_asks_for_a_pause_gets_it_and_no_attempt_is_counted(
    conn: Connection, both: Resources, receiver: Receiver, other: Receiver
) -> None:
    receiver.status, receiver.headers = 429, {"retry-after": "120"}
    await alerts.alarm(both, FAILED)
    await look(both)
    waiting = next(row for row in await rows(conn) if row["status"] == "pending")
    assert waiting["attempts"] == 0
    assert waiting["next_retry_at"] - datetime.now(UTC) == pytest.approx(
        timedelta(seconds=120), abs=timedelta(seconds=5)
    )
    await alerts.alarm(both, Cause("failed", "b", {"why": "KeyError", "run": "8"}))
    await look(both)
    assert (len(receiver.got), len(other.got)) == (1, 2)


async def test_a_recovery_does_not_overtake_its_alarm(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    await alerts.alarm(resources, FAILED)
    await alerts.resolve(resources, FAILED.name)
    await look(resources)
    assert told(receiver) == [("alarm", FAILED.name)]
    await later(conn, 0.2)
    await look(resources)
    assert told(receiver) == [("alarm", FAILED.name), ("recovery", FAILED.name)]


async def test_a_recovery_waits_as_long_as_its_alarm_is_retried_and_goes_when_that_is_dead(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    receiver.status = 500
    await alerts.alarm(resources, FAILED)
    await alerts.resolve(resources, FAILED.name)
    await look(resources)
    assert [kind for kind, _ in told(receiver)] == ["alarm"]
    receiver.status = 410
    await later(conn, 0.2)
    await look(resources)
    receiver.status = 200
    await later(conn, 0.2)
    await look(resources)
    assert [kind for kind, _ in told(receiver)] == ["alarm", "alarm", "recovery"]


async def test_an_address_that_is_no_longer_told_gets_nothing(
    conn: Connection, resources: Resources, both: Resources, receiver: Receiver
) -> None:
    await alerts.alarm(resources, FAILED)
    await look(both)
    [row] = await rows(conn)
    assert (row["status"], receiver.got) == ("dead_letter", [])
    assert row["last_error"] == "ALERT_WEBHOOK_URL names no such address any more"


async def test_an_address_that_is_not_public_gets_nothing(
    conn: Connection, database_url: str, receiver: Receiver
) -> None:
    """Its name was public when the settings were read."""
    url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    made = Resources(nightshift.settings(database_url, alert_webhook_url=url, alert_allow_private=False))
    await alerts.alarm(made, FAILED)
    await look(made)
    [row] = await rows(conn)
    assert (row["status"], row["last_error"]) == ("pending", "The host has an address that is not public.")
    assert receiver.got == []
    await made.close()


async def test_an_operator_sees_why_an_alert_did_not_go_out_and_brings_it_back(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    receiver.status = 410
    await alerts.alarm(resources, FAILED)
    await look(resources)
    [row] = await rows(conn)
    shown = await call(resources, "GET", f"/queues/alerts/rows/{row['id']}")
    assert shown["why"].startswith("dead: the receiver answered 410")
    assert shown["content"]["summary"] == "apply-decay failed (KeyError)."
    assert "/hook" not in json.dumps(shown)
    [group] = (await call(resources, "GET", "/queues/alerts/dead-letters"))["groups"]
    assert (group["error"], group["letters"]) == ("the receiver answered 410", 1)
    receiver.status = 200
    await call(resources, "POST", f"/queues/alerts/rows/{row['id']}/requeue")
    await look(resources)
    assert [got.headers["webhook-id"] for got in receiver.got] == [f"msg_{row['id'].hex}"] * 2
    assert [each["status"] for each in await rows(conn)] == ["sent"]


async def test_a_look_that_fails_keeps_no_alert_from_going_out(
    conn: Connection, resources: Resources, receiver: Receiver
) -> None:
    from functions.watch.main import watch  # noqa: PLC0415

    await alerts.alarm(resources, FAILED)
    await conn.execute("alter table job_pulses rename known_since to since_when")
    answer = await nightshift.post(watch, resources)
    assert answer.status == 500
    assert {cause for _, cause in told(receiver)} == {"failed:apply-decay", "failed:watch"}
