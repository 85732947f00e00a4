"""Asking, answering and leaving (seed 000, task 3; spec, section 9)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import CheckViolation, UniqueViolation

from functions.partners.main import app
from shared.partners import Partners
from shared.resources import Resources
from shared.web import Response
from tests import nightshift, players
from tests.integration.partners.couples import couple, pair
from tests.nightshift import Connection, content

Two = tuple[UUID, UUID]


@pytest.fixture
async def two(conn: Connection) -> Two:
    return await nightshift.user(conn), await nightshift.user(conn)


async def send(resources: Resources, user: UUID, other: UUID) -> Response:
    return await players.ask(app, resources, user, "POST", "/requests", body={"user_id": str(other)})


async def respond(resources: Resources, user: UUID, request: UUID | str, *, accept: bool) -> Response:
    return await players.ask(app, resources, user, "POST", f"/requests/{request}/respond", body={"accept": accept})


async def remove(resources: Resources, user: UUID, other: UUID) -> Response:
    return await players.ask(app, resources, user, "DELETE", f"/{other}")


async def between(conn: Connection) -> list[tuple[Any, ...]]:
    cursor = await conn.execute("select requester_id, addressee_id, status from partnerships")
    return [tuple(row.values()) for row in await cursor.fetchall()]


async def known(partners: Partners, *users: UUID) -> None:
    """Have the lists of these users kept."""
    for user in users:
        await partners.accepted(user)


async def kept(resources: Resources, *users: UUID) -> list[bool]:
    """Whose list is read without the database."""
    found = []
    for user in users:
        asked = resources.db.round_trips
        await resources.partners.accepted(user)
        found.append(resources.db.round_trips == asked)
    return found


async def test_rf_3_4_a_request_that_is_sent_makes_both_lists_forgotten(resources: Resources, two: Two) -> None:
    """RF-3.4."""
    await known(resources.partners, *two)
    response = await send(resources, *two)
    assert (response.status, content(response)["status"]) == (201, "pending")
    assert await kept(resources, *two) == [False, False]


@pytest.mark.parametrize(("accept", "status"), [(True, "accepted"), (False, "declined")], ids=["accepted", "declined"])
async def test_rf_3_5_an_answer_makes_both_lists_forgotten(
    resources: Resources, conn: Connection, two: Two, *, accept: bool, status: str
) -> None:
    """RF-3.5."""
    request = await pair(conn, *two, "pending")
    await known(resources.partners, *two)
    response = await respond(resources, two[1], request, accept=accept)
    assert (response.status, content(response)["status"]) == (200, status)
    assert await kept(resources, *two) == [False, False]
    assert await resources.partners.are_partners(*two) is accept


@pytest.mark.parametrize("who", [0, 1], ids=["who had asked", "who was asked"])
async def test_rf_3_6_the_end_of_a_partnership_makes_both_lists_forgotten(
    resources: Resources, conn: Connection, who: int
) -> None:
    """RF-3.6."""
    both = await couple(conn)
    await known(resources.partners, *both)
    assert (await remove(resources, both[who], both[1 - who])).status == 200
    assert await kept(resources, *both) == [False, False]
    assert not await resources.partners.are_partners(*both)


async def test_who_asks_the_one_who_asked_has_accepted(resources: Resources, conn: Connection, two: Two) -> None:
    await send(resources, *two)
    response = await send(resources, two[1], two[0])
    assert content(response)["status"] == "accepted"
    assert await between(conn) == [(*two, "accepted")]


async def test_two_who_ask_each_other_at_once_are_partners(resources: Resources, conn: Connection, two: Two) -> None:
    answers = await asyncio.gather(send(resources, *two), send(resources, *reversed(two)))
    assert sorted(content(answer)["status"] for answer in answers) == ["accepted", "pending"]
    assert [status for *_, status in await between(conn)] == ["accepted"]


@pytest.mark.parametrize("status", ["pending", "accepted", "declined"])
async def test_who_has_asked_cannot_ask_again(resources: Resources, conn: Connection, two: Two, status: str) -> None:
    """And does not learn from that whether they were declined."""
    await pair(conn, *two, status)
    response = await send(resources, *two)
    assert (response.status, content(response)["detail"]) == (
        409,
        "There is a request, or more, between the two of you already.",
    )
    assert await between(conn) == [(*two, status)]


async def test_who_declined_may_ask_by_themselves(resources: Resources, conn: Connection, two: Two) -> None:
    await pair(conn, *two, "declined")
    assert content(await send(resources, two[1], two[0]))["status"] == "pending"
    assert await between(conn) == [(two[1], two[0], "pending")]


async def test_partners_cannot_be_asked_to_be_it(resources: Resources, conn: Connection, two: Two) -> None:
    await pair(conn, *two)
    assert (await send(resources, two[1], two[0])).status == 409


async def test_nobody_asks_themselves(resources: Resources, two: Two) -> None:
    assert (await send(resources, two[0], two[0])).status == 422


async def test_who_is_not_there_cannot_be_asked(resources: Resources, two: Two) -> None:
    assert (await send(resources, two[0], uuid4())).status == 404


async def test_the_same_answer_again_changes_nothing(resources: Resources, conn: Connection, two: Two) -> None:
    request = await pair(conn, *two, "pending")
    first, again = [await respond(resources, two[1], request, accept=True) for _ in range(2)]
    assert content(first) == content(again)


async def test_another_answer_is_a_conflict(resources: Resources, conn: Connection, two: Two) -> None:
    request = await pair(conn, *two, "declined")
    assert (await respond(resources, two[1], request, accept=True)).status == 409
    assert await between(conn) == [(*two, "declined")]


async def test_only_who_was_asked_answers(resources: Resources, conn: Connection, two: Two) -> None:
    """Who asked, a stranger and a request that is not there are answered alike."""
    request, stranger = await pair(conn, *two, "pending"), await nightshift.user(conn)
    tries = [(two[0], str(request)), (stranger, str(request)), (two[1], str(uuid4())), (two[1], "x")]
    answers = [await respond(resources, user, which, accept=True) for user, which in tries]
    assert [answer.status for answer in answers] == [404] * 4
    assert await between(conn) == [(*two, "pending")]


@pytest.mark.parametrize("who", [0, 1], ids=["who had asked", "who was asked"])
async def test_a_request_can_be_taken_back(resources: Resources, conn: Connection, two: Two, who: int) -> None:
    await pair(conn, *two, "pending")
    assert (await remove(resources, two[who], two[1 - who])).status == 200
    assert await between(conn) == []


async def test_what_was_declined_is_not_taken_back(resources: Resources, conn: Connection, two: Two) -> None:
    """Else it could be asked again and again."""
    await pair(conn, *two, "declined")
    assert (await remove(resources, *two)).status == 404


async def test_a_stranger_ends_nothing(resources: Resources, conn: Connection) -> None:
    one, _ = await couple(conn)
    assert (await remove(resources, await nightshift.user(conn), one)).status == 404
    assert len(await between(conn)) == 1


async def test_a_pair_is_there_once_whoever_asked(conn: Connection, two: Two) -> None:
    await pair(conn, *two)
    with pytest.raises(UniqueViolation):
        await pair(conn, two[1], two[0], "pending")


async def test_nobody_is_their_own_partner(conn: Connection, two: Two) -> None:
    with pytest.raises(CheckViolation):
        await pair(conn, two[0], two[0])


@pytest.mark.parametrize("body", [{}, {"accept": "yes"}, {"accept": True, "as": "x"}], ids=["none", "text", "more"])
async def test_an_answer_is_yes_or_no(resources: Resources, two: Two, body: dict[str, Any]) -> None:
    response = await players.ask(app, resources, two[0], "POST", f"/requests/{uuid4()}/respond", body=body)
    assert response.status == 422
