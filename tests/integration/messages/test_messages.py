"""messages: what partners write to each other (spec, section 9; seed 000, task 4)."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.messages.main import app
from shared.resources import Resources
from tests import nightshift, players
from tests.integration.messages.talking import listed, opened, page, part, read, send, unread
from tests.integration.partners.couples import couple, pair
from tests.nightshift import Connection, content


async def ended(conn: Connection, resources: Resources, one: UUID, other: UUID) -> None:
    """They are no partners any more."""
    async with resources.partners.changing(one, other):
        await part(conn, one, other)


async def test_a_pair_has_one_conversation_whoever_opens_it(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    answers = [
        await players.ask(app, resources, user, "POST", body={"partner_id": str(partner)})
        for user, partner in ((one, other), (other, one), (one, other))
    ]
    assert [answer.status for answer in answers] == [201, 200, 200]
    assert len({content(answer)["id"] for answer in answers}) == 1


async def test_a_pair_that_opens_at_once_from_both_sides_has_one_conversation(
    conn: Connection, resources: Resources
) -> None:
    one, other = await couple(conn)
    ids = await asyncio.gather(*(opened(resources, *pair) for pair in [(one, other), (other, one)] * 5))
    members = await (await conn.execute("select user_id from conversation_members")).fetchall()
    assert (len(set(ids)), len(members)) == (1, 2)


@pytest.mark.parametrize("status", [None, "pending", "declined"])
async def test_only_partners_open_a_conversation(conn: Connection, resources: Resources, status: str | None) -> None:
    one, other = await nightshift.user(conn), await nightshift.user(conn)
    if status:
        await pair(conn, one, other, status)
    for partner in (other, one, uuid4()):
        answer = await players.ask(app, resources, one, "POST", body={"partner_id": str(partner)})
        assert answer.status == 404


async def test_a_message_is_there_for_both(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    answer = await send(resources, one, conversation, "Good morning, Zürich ☀")
    assert answer.status == 201
    for user in (one, other):
        found = await page(resources, user, conversation)
        assert found == {"messages": [content(answer)], "has_more": False, "next_cursor": None}
    assert (content(answer)["content"], content(answer)["sender_id"]) == ("Good morning, Zürich ☀", str(one))


async def test_a_message_that_is_sent_again_is_the_same_one(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation, client = await opened(resources, one, other), str(uuid4())
    answers = await asyncio.gather(*(send(resources, one, conversation, "once", client) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.body for answer in answers}) == 1
    assert len((await page(resources, one, conversation))["messages"]) == 1
    assert await unread(resources, other) == 1


async def test_another_text_under_the_same_client_id_is_a_conflict(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation, client = await opened(resources, one, other), str(uuid4())
    await send(resources, one, conversation, "this", client)
    assert (await send(resources, one, conversation, "that", client)).status == 409
    assert (await send(resources, other, conversation, "that", client)).status == 201


async def test_messages_sent_at_once_from_both_sides_are_numbered_without_a_gap(
    conn: Connection, resources: Resources
) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await asyncio.gather(*(send(resources, user, conversation) for user in (one, other) * 10))
    rows = await (await conn.execute("select number, nth, created_at from direct_messages order by number")).fetchall()
    assert [row["number"] for row in rows] == list(range(1, 21))
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert (await unread(resources, one), await unread(resources, other)) == (10, 10)


async def test_pages_lead_from_the_newest_to_the_oldest(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for number in range(7):
        await send(resources, one, conversation, f"{number}")
    found: list[dict[str, Any]] = [await page(resources, other, conversation, limit="3")]
    while found[-1]["has_more"]:
        found.append(await page(resources, other, conversation, limit="3", cursor=found[-1]["next_cursor"]))
    texts = [[message["content"] for message in each["messages"]] for each in found]
    assert texts == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert found[-1]["next_cursor"] is None


async def test_a_page_that_is_just_full_is_the_last(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for _ in range(2):
        await send(resources, one, conversation)
    found = await page(resources, one, conversation, limit="2")
    assert (len(found["messages"]), found["has_more"], found["next_cursor"]) == (2, False, None)


async def test_what_is_written_between_two_pages_moves_nothing(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for number in range(4):
        await send(resources, one, conversation, f"{number}")
    first = await page(resources, one, conversation, limit="2")
    await send(resources, other, conversation, "meanwhile")
    second = await page(resources, one, conversation, limit="2", cursor=first["next_cursor"])
    texts = [message["content"] for message in first["messages"] + second["messages"]]
    assert texts == ["3", "2", "1", "0"]


async def test_messages_of_the_same_moment_are_on_one_page_each(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for number in range(5):
        await send(resources, one, conversation, f"{number}")
    await conn.execute("update direct_messages set created_at = '2026-01-01'")
    first = await page(resources, one, conversation, limit="2")
    second = await page(resources, one, conversation, limit="2", cursor=first["next_cursor"])
    third = await page(resources, one, conversation, limit="2", cursor=second["next_cursor"])
    texts = [message["content"] for each in (first, second, third) for message in each["messages"]]
    assert texts == ["4", "3", "2", "1", "0"]


async def test_a_conversation_without_a_message_is_empty(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    assert await page(resources, one, conversation) == {"messages": [], "has_more": False, "next_cursor": None}
    assert (await read(resources, one, conversation)).status == 200


async def test_others_conversations_are_not_there(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await send(resources, one, conversation, "between us")
    stranger, _ = await couple(conn)
    asked = [
        await players.ask(app, resources, stranger, "GET", f"/{conversation}/messages"),
        await send(resources, stranger, conversation),
        await read(resources, stranger, conversation),
        await players.ask(app, resources, stranger, "GET", f"/{uuid4()}/messages"),
        await players.ask(app, resources, stranger, "GET", "/no-id/messages"),
    ]
    assert [answer.status for answer in asked] == [404] * 5
    assert not [answer for answer in asked if b"between us" in answer.body]
    assert (await listed(resources, stranger))["conversations"] == []


async def test_nobody_reads_without_a_token(resources: Resources) -> None:
    assert (await nightshift.post(app, resources, {"partner_id": str(uuid4())})).status == 401


async def test_after_the_partnership_reading_stays_and_writing_is_refused(
    conn: Connection, resources: Resources
) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await send(resources, one, conversation, "before")
    await ended(conn, resources, one, other)
    for user in (one, other):
        assert (await send(resources, user, conversation)).status == 403
        assert [m["content"] for m in (await page(resources, user, conversation))["messages"]] == ["before"]
        [told] = (await listed(resources, user))["conversations"]
        assert told["can_write"] is False
    assert (await read(resources, other, conversation)).status == 200


async def test_partners_who_come_back_go_on_where_they_were(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await ended(conn, resources, one, other)
    async with resources.partners.changing(one, other):
        await pair(conn, one, other)
    assert await opened(resources, other, one) == conversation
    assert (await send(resources, one, conversation)).status == 201


async def test_who_leaves_takes_along_what_they_wrote_and_the_other_one_keeps_the_rest(
    conn: Connection, resources: Resources
) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for user, text in ((one, "mine"), (other, "theirs"), (one, "mine too")):
        await send(resources, user, conversation, text)
    await conn.execute("delete from users where id = %s", [other])
    found = await page(resources, one, conversation)
    assert [message["content"] for message in found["messages"]] == ["mine too", "mine"]
    [told] = (await listed(resources, one))["conversations"]
    assert (told["partner"], told["can_write"], told["unread"]) == (None, False, 0)
    assert (await send(resources, one, conversation)).status == 403
    assert (await read(resources, one, conversation, 2)).status == 200


async def test_when_both_have_left_nothing_is_left(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    await send(resources, one, await opened(resources, one, other))
    await conn.execute("delete from users")
    for table in ("conversation_members", "direct_messages"):
        assert (await conn.execute(f"select 1 from {table}")).rowcount == 0  # noqa: S608
    gone = "select 1 from direct_conversations where low_id is null and high_id is null"
    assert (await conn.execute(gone)).rowcount == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("x" * 1000, 201),
        ("x" * 1001, 422),
        ("", 422),
        (" \n", 422),
        ("a\x00b", 422),
        ("\ud800", 422),
        ("☀" * 1000, 201),
    ],
    ids=["1000", "1001", "nothing", "space", "nul", "half a character", "1000 suns"],
)
async def test_a_message_has_1_to_1000_characters(
    conn: Connection, resources: Resources, text: str, status: int
) -> None:
    one, other = await couple(conn)
    assert (await send(resources, one, await opened(resources, one, other), text)).status == status


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "x"}, {"cursor": "0"}, {"befor": "1"}])
async def test_what_is_no_page_is_refused(conn: Connection, resources: Resources, query: dict[str, str]) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    answer = await players.ask(app, resources, one, "GET", f"/{conversation}/messages", query=query)
    assert answer.status == 422


@pytest.mark.parametrize("body", [{}, {"partner_id": "x"}, {"partner_id": None, "more": 1}], ids=str)
async def test_what_names_no_partner_is_refused(conn: Connection, resources: Resources, body: dict[str, Any]) -> None:
    one = await nightshift.user(conn)
    assert (await players.ask(app, resources, one, "POST", body=body)).status == 422


@pytest.mark.parametrize(
    "statement",
    [
        "update direct_messages set content = repeat('x', 1001)",
        "update direct_messages set content = E' \\n'",
        "update direct_messages set nth = 2",
        "update direct_messages set number = 0",
        "update direct_conversations set low_id = high_id",
        "update conversation_members set seen = -1",
    ],
)
async def test_values_outside_the_rules_are_refused(conn: Connection, resources: Resources, statement: str) -> None:
    one, other = await couple(conn)
    await send(resources, one, await opened(resources, one, other))
    with pytest.raises(psycopg.errors.CheckViolation):
        await conn.execute(statement)
