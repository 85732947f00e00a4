"""Which conversations there are, and what is unread in them: counted by no more than two rows each."""

import asyncio
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.messages.main import app
from shared.resources import Resources
from tests import nightshift, players
from tests.integration.messages.talking import listed, opened, page, read, send, unread
from tests.integration.partners.couples import couple, pair
from tests.nightshift import Connection, content

ACTS = st.lists(
    st.tuples(st.sampled_from(["send", "read", "read up to"]), st.booleans(), st.integers(1, 12)), max_size=12
)


async def test_what_the_other_one_wrote_is_unread_until_it_is_read(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for _ in range(3):
        await send(resources, one, conversation)
    assert (await unread(resources, one), await unread(resources, other)) == (0, 3)
    assert content(await read(resources, other, conversation)) == {"total_unread": 0}
    assert await unread(resources, other) == 0


async def test_what_comes_after_the_message_that_was_shown_stays_unread(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await send(resources, one, conversation)
    shown = (await page(resources, other, conversation))["messages"][0]["id"]
    await send(resources, one, conversation)
    assert content(await read(resources, other, conversation, shown)) == {"total_unread": 1}


async def test_writing_is_not_reading(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    await send(resources, one, conversation)
    await send(resources, other, conversation)
    assert await unread(resources, other) == 1


async def test_what_was_read_stays_read(conn: Connection, resources: Resources) -> None:
    one, other = await couple(conn)
    conversation = await opened(resources, one, other)
    for _ in range(3):
        await send(resources, one, conversation)
    await read(resources, other, conversation, 3)
    await asyncio.gather(*(read(resources, other, conversation, number) for number in (1, 2, 1)))
    assert await unread(resources, other) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
async def test_unread_is_what_the_other_one_sent_after_what_was_read(
    conn: Connection, resources: Resources, acts: list[tuple[str, bool, int]]
) -> None:
    two = await couple(conn)
    conversation = await opened(resources, *two)
    sent: list[int] = []  # by whom
    marks = [0, 0]  # up to which number each has read
    for act, which, number in acts:
        who = int(which)
        if act == "send":
            await send(resources, two[who], conversation)
            sent.append(who)
        else:
            up_to = number if act == "read up to" else len(sent)
            await read(resources, two[who], conversation, None if act == "read" else number)
            marks[who] = max(marks[who], min(up_to, len(sent)))
    found = [await unread(resources, user) for user in two]
    assert found == [sum(by != who for by in sent[marks[who] :]) for who in (0, 1)]


async def crowd(conn: Connection, number: int) -> tuple[UUID, list[UUID]]:
    """Somebody with so many partners."""
    user = await nightshift.user(conn)
    partners = [await nightshift.user(conn) for _ in range(number)]
    for partner in partners:
        await pair(conn, user, partner)
    return user, partners


async def test_conversations_come_with_their_newest_message_the_latest_first(
    conn: Connection, resources: Resources
) -> None:
    user, partners = await crowd(conn, 3)
    ids = [await opened(resources, user, partner) for partner in partners]
    await send(resources, partners[0], ids[0], "first")
    await send(resources, partners[0], ids[0], "second")
    await conn.execute("update users set display_name = 'Ada' where id = %s", [partners[0]])
    found = await listed(resources, user)
    first = found["conversations"][0]
    assert [each["id"] for each in found["conversations"]] == [ids[0], ids[2], ids[1]]
    assert (first["last_message"]["content"], first["unread"], first["can_write"]) == ("second", 2, True)
    assert first["partner"] == {"id": str(partners[0]), "display_name": "Ada", "username": None}
    assert (found["conversations"][1]["last_message"], found["total_unread"]) == (None, 2)


async def test_conversations_have_pages_too(conn: Connection, resources: Resources) -> None:
    user, partners = await crowd(conn, 5)
    ids = [await opened(resources, user, partner) for partner in partners]
    await conn.execute("update direct_conversations set last_at = '2026-01-01'")
    pages = [await listed(resources, user, limit="2")]
    while pages[-1]["has_more"]:
        pages.append(await listed(resources, user, limit="2", cursor=pages[-1]["next_cursor"]))
    found = [each["id"] for each in pages for each in each["conversations"]]
    assert (len(pages), sorted(found)) == (3, sorted(ids))


async def test_a_cursor_of_somebody_else_leads_nowhere(conn: Connection, resources: Resources) -> None:
    user, partners = await crowd(conn, 1)
    await opened(resources, user, partners[0])
    one, other = await couple(conn)
    strange = await opened(resources, one, other)
    assert (await listed(resources, user, cursor=strange))["conversations"] == []


async def test_a_total_is_over_all_conversations(conn: Connection, resources: Resources) -> None:
    user, partners = await crowd(conn, 2)
    ids = [await opened(resources, user, partner) for partner in partners]
    for partner, conversation in zip(partners, ids, strict=True):
        await send(resources, partner, conversation)
    assert await unread(resources, user) == 2
    answer = await players.ask(app, resources, user, "PUT", f"/{ids[0]}/read")
    assert content(answer) == {"total_unread": 1}
