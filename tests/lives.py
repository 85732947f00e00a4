"""What players have: rows as the functions would make them."""

from typing import Any
from uuid import UUID

from tests.nightshift import Connection


async def one(conn: Connection, statement: str, *values: Any) -> UUID:
    """The id of a row that is made."""
    cursor = await conn.execute(statement, values)
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def player(conn: Connection, name: str, essence: int = 0) -> UUID:
    """A player with so much essence, as a payment brings it."""
    user = await one(conn, "insert into users (display_name) values (%s) returning id", name)
    await conn.execute("insert into user_metrics (user_id) values (%s)", [user])
    if essence:
        await conn.execute(
            "insert into furniture_essence (user_id, balance, total_earned) values (%s, %s, %s)",
            [user, essence, essence],
        )
        await conn.execute(
            "insert into essence_transactions (user_id, amount, transaction_type, description) "
            "values (%s, %s, 'purchase', 'A pack of essence')",
            [user, essence],
        )
    return user


async def item(conn: Connection, name: str, cost: int, description: str | None = None) -> UUID:
    return await one(
        conn,
        "insert into items (name, essence_cost, description) values (%s, %s, %s) returning id",
        name,
        cost,
        description,
    )


async def partnered(conn: Connection, one_user: UUID, other: UUID) -> None:
    await conn.execute(
        "insert into partnerships (requester_id, addressee_id, status, responded_at) "
        "values (%s, %s, 'accepted', now())",
        [one_user, other],
    )


async def talked(conn: Connection, sender: UUID, other: UUID, *texts: str) -> UUID:
    """The conversation of two partners, with what one of them wrote, the oldest first."""
    low, high = sorted((sender, other))
    conversation = await one(
        conn,
        "insert into direct_conversations (low_id, high_id) values (%s, %s) "
        "on conflict (low_id, high_id) do update set low_id = excluded.low_id returning id",
        low,
        high,
    )
    for member in (low, high):
        await conn.execute(
            "insert into conversation_members (conversation_id, user_id) values (%s, %s) on conflict do nothing",
            [conversation, member],
        )
    for text in texts:
        await conn.execute(
            "select nightshift.send_direct_message(%s, %s, gen_random_uuid(), %s)", [conversation, sender, text]
        )
    return conversation


async def recapped(conn: Connection, user: UUID, *texts: str) -> None:
    """A recap for each of the last days, the oldest first."""
    for ago, text in enumerate(reversed(texts), start=1):
        await conn.execute(
            "insert into daily_summaries (user_id, summary_date, score_start, score_end, recap, written_by) "
            "values (%s, current_date - %s::int, 50, 52.5, %s, 'template')",
            [user, ago, text],
        )
        await conn.execute(
            "insert into score_history (user_id, score, chapter, event_type, recorded_at) "
            "values (%s, %s, 1, 'conversation', now() - make_interval(days => %s))",
            [user, 50 + ago, ago],
        )
