"""A page costs what its own rows cost, whoever else has how many (spec, section 9)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from functions.partners import lists
from functions.shop import shelves
from shared.sql import Queries
from tests.integration.shop.goods import buyer, item
from tests.nightshift import Connection

MANY, LIMIT = 5_000, 20
FILL = (
    "insert into users (telegram_id) select n from generate_series(1, 200) n",
    """insert into essence_transactions (user_id, amount, transaction_type, created_at)
    select %(user)s, 1, 'earned', now() - n * interval '1 minute' from generate_series(1, %(many)s) n""",
    """insert into user_items (user_id, item_id, acquired_at)
    select %(user)s, %(item)s, now() - n * interval '1 minute' from generate_series(1, %(many)s) n""",
    "insert into items (name, essence_cost) select 'i', 1 from generate_series(1, %(many)s)",
    """insert into partnerships (requester_id, addressee_id, status)
    select a.id, b.id, 'accepted' from users a join users b on a.id < b.id
    where b.telegram_id is not null and a.telegram_id is not null""",
    """insert into partnerships (requester_id, addressee_id, status)
    select %(user)s, id, 'accepted' from users where telegram_id is not null""",
    "vacuum analyze",
)


async def filled(conn: Connection) -> UUID:
    """A user with very many rows among others."""
    user, lamp = await buyer(conn), await item(conn)
    for statement in FILL:
        await conn.execute(statement.encode(), {"user": user, "item": lamp, "many": MANY})
    return user


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


@pytest.mark.parametrize("first", [True, False], ids=["the first page", "a later one"])
@pytest.mark.parametrize(
    ("queries", "name", "more"),
    [
        (shelves.SQL, "items", {"category": None}),
        (shelves.SQL, "inventory", {"unseen": False}),
        (shelves.SQL, "ledger", {}),
        (lists.SQL, "page", {"status": "accepted", "direction": None}),
    ],
    ids=["items", "inventory", "ledger", "partners"],
)
async def test_a_page_reads_a_range_of_an_index(
    conn: Connection, queries: Queries, name: str, more: dict[str, Any], *, first: bool
) -> None:
    user = await filled(conn)
    at, identifier = (None, None) if first else (datetime.now(UTC), UUID(int=2**128 - 1))
    given = {"user": user, "limit": LIMIT, "before_at": at, "before_id": identifier, "before": identifier, **more}
    cursor = await conn.execute(b"explain (analyze, format json) " + queries.named[name], given)
    [found] = (await cursor.fetchone() or {})["QUERY PLAN"]
    read = [node for node in nodes(found["Plan"]) if node["Node Type"].endswith("Scan")]
    most = max(node["Actual Rows"] * node["Actual Loops"] for node in read)
    dropped = sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in read)
    assert most <= 2 * LIMIT, [(node["Node Type"], node.get("Relation Name")) for node in read]
    assert dropped == 0
