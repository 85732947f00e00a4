"""Who reaches conversations past the function, and how pages are found (spec, sections 9 and 10)."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier

from functions.cleanup_stale.main import cleanup_stale
from functions.messages.conversations import SQL as QUERIES
from shared.resources import Resources
from tests import nightshift
from tests.integration.messages.talking import opened, part, send
from tests.integration.partners.couples import couple
from tests.integration.schema.identities import become
from tests.nightshift import Connection

TABLES = ("direct_conversations", "conversation_members", "direct_messages")


@pytest.fixture
async def two_pairs(conn: Connection, resources: Resources) -> list[tuple[UUID, UUID]]:
    """Two pairs with a message each way."""
    pairs = [await couple(conn), await couple(conn)]
    for one, other in pairs:
        conversation = await opened(resources, one, other)
        await send(resources, one, conversation)
        await send(resources, other, conversation)
    return pairs


def seen(url: str, user: UUID | None, role: str = "authenticated") -> dict[str, list[dict[str, Any]]]:
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as conn:
        become(conn, role, str(user) if user else None)  # type: ignore[arg-type]
        return {name: conn.execute(SQL("select * from {}").format(Identifier(name))).fetchall() for name in TABLES}


async def test_a_member_sees_their_own_conversation_and_no_other(
    two_pairs: list[tuple[UUID, UUID]], database_url: str
) -> None:
    for pair in two_pairs:
        for user in pair:
            found = seen(database_url, user)
            [conversation], [member] = found["direct_conversations"], found["conversation_members"]
            assert {conversation["low_id"], conversation["high_id"]} == set(pair)
            assert (member["user_id"], member["conversation_id"]) == (user, conversation["id"])
            assert {message["sender_id"] for message in found["direct_messages"]} == set(pair)


async def test_a_member_reads_on_after_the_partnership(
    conn: Connection, two_pairs: list[tuple[UUID, UUID]], database_url: str
) -> None:
    one, other = two_pairs[0]
    await part(conn, one, other)
    assert len(seen(database_url, one)["direct_messages"]) == 2


async def test_a_token_that_names_nobody_sees_nothing(two_pairs: list[tuple[UUID, UUID]], database_url: str) -> None:
    assert seen(database_url, None) == {name: [] for name in TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into direct_messages select * from direct_messages",
        "update direct_messages set content = 'x'",
        "delete from direct_messages",
        "update conversation_members set seen = 0",
        "insert into conversation_members select conversation_id, gen_random_uuid() from conversation_members",
        "select nightshift.send_direct_message(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'x')",
    ],
)
async def test_nothing_is_written_past_the_function(
    two_pairs: list[tuple[UUID, UUID]], database_url: str, statement: str
) -> None:
    with psycopg.connect(database_url) as conn:
        become(conn, "authenticated", str(two_pairs[0][0]))
        with pytest.raises(InsufficientPrivilege):
            conn.execute(statement)


async def test_a_page_is_a_range_of_the_index(conn: Connection) -> None:
    values = {"key": UUID(int=0), "before": 1000, "limit": 50}
    async with conn.transaction():
        await conn.execute("set local enable_bitmapscan = off; set local enable_seqscan = off")
        rows = await (await conn.execute(b"explain " + QUERIES.page, values)).fetchall()
    plan = "\n".join(row["QUERY PLAN"] for row in rows)
    assert "Index Scan Backward using direct_messages_pkey" in plan
    assert re.search(r"Index Cond: \(\(conversation_id = .*\) AND \(number < 1000\)\)", plan)
    assert "Sort" not in plan


async def test_a_conversation_that_both_have_left_is_swept(
    conn: Connection, resources: Resources, two_pairs: list[tuple[UUID, UUID]]
) -> None:
    one, other = two_pairs[0]
    await conn.execute("delete from users where id = any(%s)", [[one, other, two_pairs[1][0]]])
    body = {"scheduled_for": datetime.now(UTC).isoformat()}
    answer = nightshift.content(await nightshift.post(cleanup_stale, resources, body))
    assert answer["detail"]["conversations_deleted"] == 1
    left = await (await conn.execute("select low_id, high_id from direct_conversations")).fetchall()
    assert [{*row.values()} for row in left] == [{two_pairs[1][1], None}]
