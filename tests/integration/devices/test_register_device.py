"""register-device: a player's devices (spec, section 9; seed 003, item 7)."""

import asyncio
import io
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.register_device.main import app
from shared.log import log
from shared.resources import Resources
from shared.web import Response
from tests import nightshift, players
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection, content

EXPO = "ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"
REGISTRATION = "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"
INSTALLATION = "cQ1nk7YgRw6s2tZ9aB-_Xy"
PHONE = {"platform": "ios", "address_kind": "expo", "push_token": EXPO, "app_version": "1.2.3"}


async def register(resources: Resources, user: UUID, **changed: Any) -> Response:
    return await players.ask(app, resources, user, "POST", body=PHONE | changed)


async def devices(resources: Resources, user: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content(await players.ask(app, resources, user, "GET"))["devices"]
    return found


async def stored(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from user_devices order by created_at")).fetchall()


async def test_a_device_is_registered_active(conn: Connection, resources: Resources) -> None:
    user = await nightshift.user(conn)
    response = await register(resources, user)
    [row] = await stored(conn)
    assert response.status == 201
    assert (row["user_id"], row["push_token"], row["platform"], row["status"]) == (user, EXPO, "ios", "active")
    assert content(response)["id"] == str(row["id"])


async def test_registering_again_changes_when_it_was_seen_and_nothing_else(
    conn: Connection, resources: Resources
) -> None:
    user = await nightshift.user(conn)
    first = content(await register(resources, user))
    response = await register(resources, user)
    again = content(response)
    assert response.status == 200
    assert again.pop("last_seen_at") > first.pop("last_seen_at")
    assert again == first
    assert len(await stored(conn)) == 1


async def test_a_newer_app_is_noted(conn: Connection, resources: Resources) -> None:
    user = await nightshift.user(conn)
    await register(resources, user)
    await register(resources, user, app_version="2.0")
    assert [device["app_version"] for device in await devices(resources, user)] == ["2.0"]


@pytest.mark.parametrize("status", ["inactive", "invalid"])
async def test_a_device_that_registers_again_is_active_again(
    conn: Connection, resources: Resources, status: str
) -> None:
    user = await nightshift.user(conn)
    await register(resources, user)
    await conn.execute(
        "update user_devices set status = %s, status_since = now() - interval '1 day', "
        "last_successful_send_at = now() - interval '2 days'",
        [status],
    )
    await register(resources, user)
    [row] = await stored(conn)
    assert (row["status"], row["status_since"], row["last_successful_send_at"] is None) == (
        "active",
        row["last_seen_at"],
        False,
    )


async def test_a_token_that_changes_its_owner_moves(conn: Connection, resources: Resources) -> None:
    one, other = await nightshift.user(conn), await nightshift.user(conn)
    before = content(await register(resources, one))
    await conn.execute("update user_devices set last_successful_send_at = now()")
    response = await register(resources, other)
    after = content(response)
    assert (response.status, after["id"]) == (201, before["id"])
    assert after["created_at"] > before["created_at"]
    assert after["last_successful_send_at"] is None
    assert (await devices(resources, one), len(await devices(resources, other))) == ([], 1)


async def test_of_two_who_register_a_token_at_once_the_later_has_it(
    conn: Connection, resources: Resources, database_url: str
) -> None:
    one, other = await nightshift.user(conn), await nightshift.user(conn)
    async with await psycopg.AsyncConnection.connect(database_url) as first:
        await first.execute(
            "insert into user_devices (user_id, platform, address_kind, push_token) values (%s, 'ios', 'expo', %s)",
            [one, EXPO],
        )
        second = await begun_and_waiting(conn, register(resources, other))
        await first.commit()
        assert (await second).status == 201
    assert [row["user_id"] for row in await stored(conn)] == [other]


async def test_many_registrations_at_once_are_one_device(conn: Connection, resources: Resources) -> None:
    user = await nightshift.user(conn)
    answers = await asyncio.gather(*(register(resources, user) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] * 19 + [201]
    assert len(await stored(conn)) == 1


async def test_a_player_sees_their_own_devices_the_last_seen_first(conn: Connection, resources: Resources) -> None:
    user, other = await nightshift.user(conn), await nightshift.user(conn)
    await register(resources, user)
    await register(resources, user, address_kind="registration_token", push_token=REGISTRATION, platform="android")
    await register(resources, other, address_kind="installation_id", push_token=INSTALLATION, platform="web")
    assert [device["platform"] for device in await devices(resources, user)] == ["android", "ios"]


async def test_a_token_is_in_no_answer_and_no_log(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    monkeypatch.setattr(log, "stream", written)
    monkeypatch.setattr(log, "threshold", "DEBUG")
    user = await nightshift.user(conn)
    bodies = [
        (await register(resources, user)).body,
        (await register(resources, user, platform="ios", address_kind="installation_id")).body,
        (await players.ask(app, resources, user, "GET")).body,
        (await register(resources, uuid4())).body,
    ]
    assert not [body for body in [*bodies, written.getvalue().encode()] if b"xxxxxx" in body]
    assert content(await players.ask(app, resources, user, "GET"))["devices"][0]["push_token"].startswith("#")


async def test_a_device_is_forgotten_once(conn: Connection, resources: Resources) -> None:
    user = await nightshift.user(conn)
    device = content(await register(resources, user))["id"]
    gone = await players.ask(app, resources, user, "DELETE", f"/{device}")
    again = await players.ask(app, resources, user, "DELETE", f"/{device}")
    assert (gone.status, gone.body, again.status) == (204, b"", 404)
    assert await stored(conn) == []


async def test_somebody_elses_device_is_not_there(conn: Connection, resources: Resources) -> None:
    user, other = await nightshift.user(conn), await nightshift.user(conn)
    device = content(await register(resources, other))["id"]
    assert (await players.ask(app, resources, user, "DELETE", f"/{device}")).status == 404
    assert len(await stored(conn)) == 1


async def test_a_token_of_a_user_who_has_left_registers_nothing(conn: Connection, resources: Resources) -> None:
    assert (await register(resources, uuid4())).status == 404
    assert await stored(conn) == []


async def test_a_user_takes_their_devices_along(conn: Connection, resources: Resources) -> None:
    user = await nightshift.user(conn)
    await register(resources, user)
    await conn.execute("delete from users where id = %s", [user])
    assert await stored(conn) == []


async def test_nobody_registers_without_a_token(resources: Resources) -> None:
    assert (await nightshift.post(app, resources, PHONE)).status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"platform": "windows"},
        {"address_kind": "apns"},
        {"push_token": ""},
        {"push_token": "a b"},
        {"push_token": "x" * 2049},
        {"push_token": REGISTRATION},
        {"address_kind": "registration_token"},
        {"address_kind": "installation_id", "push_token": REGISTRATION},
        {"app_version": ""},
        {"app_version": "x" * 65},
        {"user_id": str(uuid4())},
    ],
    ids=lambda wrong: "-".join(f"{name}={value[:20]}" for name, value in wrong.items() if name != "user_id") or "user",
)
async def test_what_is_no_device_is_refused(conn: Connection, resources: Resources, wrong: dict[str, str]) -> None:
    user = await nightshift.user(conn)
    assert (await register(resources, user, **wrong)).status == 422
    assert await stored(conn) == []
