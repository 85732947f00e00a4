"""Items, purses and partners as rows, and what became of them."""

from typing import Any
from uuid import UUID

from tests import nightshift
from tests.nightshift import Connection

ITEM = """
insert into items (name, essence_cost, category, is_available, is_purchasable)
values (%(name)s, %(cost)s, %(category)s, %(available)s, %(purchasable)s) returning id
"""
PURSE = "insert into furniture_essence (user_id, balance, total_earned) values (%(user)s, %(essence)s, %(essence)s)"
EARNED = "insert into essence_transactions (user_id, amount, transaction_type) values (%(user)s, %(essence)s, 'earned')"
FACTS = """
select e.user_id, e.balance, e.total_earned - e.total_spent as unspent, coalesce(sum(t.amount), 0)::int as ledger
from furniture_essence e left join essence_transactions t on t.user_id = e.user_id group by e.user_id
"""


async def item(conn: Connection, cost: int = 5, **columns: Any) -> UUID:
    """An item for sale, if nothing else is said."""
    given = {"name": "Desk lamp", "cost": cost, "category": "furniture", "available": True, "purchasable": True}
    cursor = await conn.execute(ITEM, given | columns)
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def buyer(conn: Connection, essence: int = 100, **names: str) -> UUID:
    """A user with so much essence, which they have earned."""
    user = await nightshift.user(conn)
    await conn.execute(PURSE, {"user": user, "essence": essence})
    if essence:
        await conn.execute(EARNED, {"user": user, "essence": essence})
    for name, value in names.items():
        await conn.execute(f"update users set {name} = %s where id = %s", [value, user])  # noqa: S608
    return user


async def rows(conn: Connection, statement: str, *params: Any) -> list[dict[str, Any]]:
    return await (await conn.execute(statement, params)).fetchall()


async def balance(conn: Connection, user: UUID) -> int:
    [row] = await rows(conn, "select balance from furniture_essence where user_id = %s", user)
    return int(row["balance"])


async def books_balance(conn: Connection) -> bool:
    """Whether every purse has what its ledger says, and what was earned but not spent."""
    found = await rows(conn, FACTS)
    return bool(found) and all(row["balance"] == row["ledger"] == row["unspent"] for row in found)
