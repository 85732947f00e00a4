"""Alerts: once per cause and fifteen minutes, with a recovery notice, and never in the way (spec, section 10)."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.program import free_port
from shared import alerts
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver
from tests.nightshift import Connection

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four bytes").decode()


@pytest.fixture
async def told(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    """Resources whose alerts go to the receiver, signed."""
    made = Resources(
        nightshift.settings(database_url, alert_webhook_url=f"{receiver.url}/hook", alert_webhook_secret=SECRET)
    )
    yield made
    await made.close()


async def alarm(resources: Resources, cause: str = "failed:a-task") -> bool:
    return await alerts.alarm(resources, cause=cause, text="a-task failed (KeyError).")


async def resolve(resources: Resources, cause: str = "failed:a-task") -> bool:
    return await alerts.resolve(resources, cause=cause, text="a-task works again.")


def kinds(receiver: Receiver) -> list[str]:
    return [json.loads(one.body)["kind"] for one in receiver.got]


async def put_back(conn: Connection, minutes: float) -> None:
    await conn.execute("update alert_states set sent_at = sent_at - make_interval(secs => %s)", [minutes * 60])


async def test_a_cause_is_told_of_once_in_fifteen_minutes(
    told: Resources, receiver: Receiver, conn: Connection
) -> None:
    assert [await alarm(told) for _ in range(3)] == [True, False, False]
    await put_back(conn, 14.9)
    assert not await alarm(told)
    await put_back(conn, 0.2)
    assert await alarm(told)
    assert kinds(receiver) == ["alarm", "alarm"]


async def test_each_cause_is_told_of_by_itself(told: Resources) -> None:
    assert [await alarm(told, cause) for cause in ("failed:a", "failed:b", "failed:a")] == [True, True, False]


async def test_the_end_of_a_cause_is_told_once(told: Resources, receiver: Receiver) -> None:
    await alarm(told)
    assert [await resolve(told) for _ in range(2)] == [True, False]
    assert kinds(receiver) == ["alarm", "recovery"]


async def test_the_end_of_what_nobody_heard_of_is_not_told(told: Resources, receiver: Receiver) -> None:
    assert not await resolve(told)
    assert receiver.got == []


async def test_a_cause_that_comes_and_goes_is_told_of_once_in_fifteen_minutes(
    told: Resources, receiver: Receiver, conn: Connection
) -> None:
    for _ in range(5):
        await alarm(told)
        await resolve(told)
    assert kinds(receiver) == ["alarm", "recovery"]
    await put_back(conn, 16)
    await alarm(told)
    assert kinds(receiver) == ["alarm", "recovery", "alarm"]


async def test_without_a_webhook_nothing_is_told_or_noted(resources: Resources, conn: Connection) -> None:
    assert not await alarm(resources)
    cursor = await conn.execute("select count(*) as n from alert_states")
    assert (await cursor.fetchone() or {})["n"] == 0


async def test_the_signature_is_the_one_of_standard_webhooks(told: Resources, receiver: Receiver) -> None:
    await alarm(told)
    [got] = receiver.got
    identifier, timestamp = got.headers["webhook-id"], got.headers["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.new(key, b".".join([identifier.encode(), timestamp.encode(), got.body]), hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()
    assert json.loads(got.body) | {"at": None} == {
        "kind": "alarm",
        "cause": "failed:a-task",
        "text": "a-task failed (KeyError).",
        "at": None,
    }


async def test_two_alerts_have_two_ids(told: Resources, receiver: Receiver) -> None:
    await alarm(told, "a")
    await alarm(told, "b")
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 2


async def test_without_a_secret_nothing_is_signed(database_url: str, receiver: Receiver) -> None:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=receiver.url))
    await alarm(made)
    assert not [name for name in receiver.got[0].headers if name.startswith("webhook-")]
    await made.close()


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", {"text": "it failed"}),
        ("https://discord.com/api/webhooks/1/x", {"content": "it failed", "allowed_mentions": {"parse": []}}),
        ("https://discordapp.com/api/webhooks/1/x", {"content": "it failed", "allowed_mentions": {"parse": []}}),
        ("https://hooks.slack.com.example.org/", {"kind": "alarm", "text": "it failed"}),
        ("https://ops.example.org/hook", {"kind": "alarm", "text": "it failed"}),
    ],
)
def test_each_receiver_gets_the_shape_that_it_understands(url: str, body: dict[str, Any]) -> None:
    assert alerts.shape(url, {"kind": "alarm", "text": "it failed"}) == body


async def test_a_receiver_that_refuses_does_no_harm(told: Resources, receiver: Receiver) -> None:
    receiver.status = 500
    assert not await alarm(told)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "not an address", "http://["])
async def test_a_receiver_that_is_not_there_does_no_harm(database_url: str, url: str) -> None:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=url.format(port=free_port())))
    assert not await alarm(made)
    await made.close()


async def test_a_secret_that_is_no_key_does_no_harm(database_url: str, receiver: Receiver) -> None:
    made = Resources(nightshift.settings(database_url, alert_webhook_url=receiver.url, alert_webhook_secret="whsec_x"))
    assert not await alarm(made)
    await made.close()


async def test_without_a_database_the_alarm_still_goes_out_and_once(receiver: Receiver) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/none"
    made = Resources(nightshift.settings(away, alert_webhook_url=receiver.url, db_timeout="200ms"))
    assert [await alarm(made, "failed:db-is-away") for _ in range(2)] == [True, False]
    assert not await resolve(made, "failed:db-is-away")
    await made.close()
