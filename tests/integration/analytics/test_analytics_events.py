"""Events that players' apps report (spec, section 8)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from functions.analytics.events import BATCH, CALLS, SIZE
from functions.analytics.main import app
from shared.resources import Resources
from shared.web import Response
from tests import nightshift, players
from tests.nightshift import Connection, content


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = players.resources(database_url)
    yield made
    await made.close()


@pytest.fixture
async def player(conn: Connection) -> UUID:
    return await nightshift.user(conn)


def event(identifier: str = "e-1", **given: Any) -> dict[str, Any]:
    return {"id": identifier, "session_id": "s-1", "event_type": "quiz_started"} | given


async def send(resources: Resources, user: UUID, *events: dict[str, Any]) -> Response:
    return await players.ask(app, resources, user, "POST", "/events", body={"events": events})


async def kept(conn: Connection) -> list[dict[str, Any]]:
    return await (await conn.execute("select * from session_analytics_events order by client_event_id")).fetchall()


async def test_a_batch_is_taken_in_with_what_it_says(resources: Resources, conn: Connection, player: UUID) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    sent = await send(resources, player, event(metadata={"score": 7}, created_at=at.isoformat()), event("e-2"))
    assert (sent.status, content(sent)) == (202, {"accepted": 2, "duplicates": 0})
    first, second = await kept(conn)
    assert (first["user_id"], first["session_id"], first["event_type"]) == (player, "s-1", "quiz_started")
    assert (first["metadata"], first["created_at"]) == ({"score": 7}, at)
    assert datetime.now(UTC) - second["created_at"] < timedelta(minutes=1)


async def test_an_event_that_is_sent_again_is_passed_over(resources: Resources, conn: Connection, player: UUID) -> None:
    await send(resources, player, event())
    again = await send(resources, player, event(), event("e-2"), event("e-2"))
    assert content(again) == {"accepted": 1, "duplicates": 2}
    assert len(await kept(conn)) == 2


async def test_batches_at_the_same_time_keep_each_event_once(
    resources: Resources, conn: Connection, player: UUID
) -> None:
    batch = [event(f"e-{number}") for number in range(50)]
    answers = await asyncio.gather(*(send(resources, player, *order) for order in (batch, batch[::-1], batch)))
    assert [each.status for each in answers] == [202] * 3
    assert sum(content(each)["accepted"] for each in answers) == 50
    assert len(await kept(conn)) == 50


async def test_names_of_two_players_have_nothing_to_do_with_each_other(
    resources: Resources, conn: Connection, player: UUID
) -> None:
    await send(resources, player, event())
    assert content(await send(resources, await nightshift.user(conn), event())) == {"accepted": 1, "duplicates": 0}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"event_type": "Quiz started"}, "events.0.event_type"),
        ({"event_type": ""}, "events.0.event_type"),
        ({"session_id": ""}, "events.0.session_id"),
        ({"session_id": "a\u0000b"}, "events.0.session_id"),
        ({"id": "x" * 201}, "events.0.id"),
        ({"metadata": "text"}, "events.0.metadata"),
        ({"metadata": {"text": "x" * SIZE}}, "events.0.metadata"),
        ({"metadata": {"text": "a\u0000b"}}, "events.0.metadata"),
        ({"metadata": {"text": "\ud800"}}, "events.0.metadata"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "events.0.created_at"),
        ({"created_at": "2090-01-01T00:00:00Z"}, "events.0.created_at"),
        ({"created_at": "yesterday"}, "events.0.created_at"),
        ({"user_id": "0198f3a0-0000-7000-8000-000000000001"}, "events.0.user_id"),
    ],
    ids=str,
)
async def test_an_event_that_is_not_as_it_must_be_is_told_of_and_none_is_kept(
    resources: Resources, conn: Connection, player: UUID, given: dict[str, Any], field: str
) -> None:
    refused = await send(resources, player, event(**given), event("fine"))
    assert (refused.status, content(refused)["errors"][0]["field"]) == (422, field)
    assert await kept(conn) == []


@pytest.mark.parametrize("count", [0, BATCH + 1])
async def test_a_batch_has_one_event_to_five_hundred(resources: Resources, player: UUID, count: int) -> None:
    assert (await send(resources, player, *(event(f"e-{number}") for number in range(count)))).status == 422


async def test_a_full_batch_is_taken_in(resources: Resources, player: UUID) -> None:
    sent = await send(resources, player, *(event(f"e-{number}") for number in range(BATCH)))
    assert content(sent) == {"accepted": BATCH, "duplicates": 0}


async def test_who_calls_too_often_is_told_when_to_call_again(
    resources: Resources, conn: Connection, player: UUID
) -> None:
    answers = [await send(resources, player, event()) for _ in range(CALLS + 1)]
    assert [each.status for each in answers] == [202] * CALLS + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await send(resources, await nightshift.user(conn), event())).status == 202


async def test_a_player_who_was_deleted_is_told_so(resources: Resources, conn: Connection, player: UUID) -> None:
    await conn.execute("delete from users where id = %s", [player])
    assert (await send(resources, player, event())).status == 404


async def test_without_a_users_token_nothing_is_taken_in(resources: Resources, conn: Connection) -> None:
    refused = await nightshift.post(app, resources, {"events": [event()]}, "/events")
    assert refused.status == 401
    assert await kept(conn) == []
