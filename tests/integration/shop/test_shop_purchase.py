"""`purchase_item_atomic`, as other programs call it (seed 000, task 1; spec, section 9)."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege

from tests import nightshift
from tests.integration.shop.goods import balance, books_balance, buyer, item, rows
from tests.nightshift import Connection

WHOLE = """
select purchase_item_atomic(p_user_id => %s, p_item_id => %s, p_is_gift => %s, p_recipient_id => %s,
                            p_gift_message => %s, p_idempotency_key => %s) as answer
"""


async def purchase(
    conn: Connection,
    user: UUID,
    what: UUID,
    recipient: UUID | None = None,
    message: str | None = None,
    *,
    key: str | None = None,
    gift: bool | None = None,
) -> dict[str, Any]:
    is_gift = recipient is not None if gift is None else gift
    [row] = await rows(conn, WHOLE, user, what, is_gift, recipient, message, key)
    return dict(row["answer"])


def refusal(word: str) -> dict[str, Any]:
    return {"success": False, "error": word}


async def test_rf_1_1_it_is_called_with_a_user_and_an_item_and_all_of_it_is_done(conn: Connection) -> None:
    """RF-1.1, RF-1.9."""
    user, lamp = await buyer(conn, 100), await item(conn, 5)
    [row] = await rows(conn, "select purchase_item_atomic(%s, %s) as answer", user, lamp)
    [owned] = await rows(conn, "select id, item_id from user_items where user_id = %s", user)
    assert row["answer"] == {
        "success": True,
        "inventory_id": str(owned["id"]),
        "new_balance": 95,
        "item_name": "Desk lamp",
        "cost": 5,
    }
    assert owned["item_id"] == lamp
    assert await books_balance(conn)


async def test_rf_1_1_a_purchase_that_breaks_off_leaves_nothing(conn: Connection) -> None:
    """RF-1.1: a message that the table refuses, after the price was taken."""
    user, friend, lamp = await buyer(conn), await nightshift.user(conn), await item(conn)
    with pytest.raises(CheckViolation):
        await purchase(conn, user, lamp, friend, "x" * 501)
    assert await rows(conn, "select from user_items") == []
    assert await balance(conn, user) == 100
    assert await books_balance(conn)


@pytest.mark.parametrize(
    "columns", [{"available": False}, {"purchasable": False}, None], ids=["unavailable", "not for sale", "unknown"]
)
async def test_rf_1_2_what_is_not_for_sale_is_not_found(conn: Connection, columns: dict[str, Any] | None) -> None:
    """RF-1.2."""
    what = uuid4() if columns is None else await item(conn, **columns)
    assert await purchase(conn, await buyer(conn), what) == refusal("item_not_found")


async def test_rf_1_4_who_has_no_purse_is_told(conn: Connection) -> None:
    """RF-1.4."""
    assert await purchase(conn, await nightshift.user(conn), await item(conn)) == refusal("no_essence_record")


async def test_rf_1_5_who_has_too_little_is_told(conn: Connection) -> None:
    """RF-1.5."""
    user = await buyer(conn, 4)
    assert await purchase(conn, user, await item(conn, 5)) == refusal("insufficient_essence")
    assert await balance(conn, user) == 4


async def test_rf_1_5_the_last_essence_can_be_spent(conn: Connection) -> None:
    """RF-1.5."""
    assert (await purchase(conn, await buyer(conn, 5), await item(conn, 5)))["new_balance"] == 0


async def test_rf_1_6_the_price_is_taken_and_counted_as_spent(conn: Connection) -> None:
    """RF-1.6."""
    user = await buyer(conn, 100)
    await purchase(conn, user, await item(conn, 30))
    [purse] = await rows(conn, "select balance, total_earned, total_spent from furniture_essence")
    assert purse == {"balance": 70, "total_earned": 100, "total_spent": 30}


async def test_rf_1_7_an_item_is_the_buyers_own(conn: Connection) -> None:
    """RF-1.7."""
    user = await buyer(conn)
    await purchase(conn, user, await item(conn), message="for me")
    [owned] = await rows(conn, "select user_id, acquisition_type, gifted_by, gift_message from user_items")
    assert owned == {"user_id": user, "acquisition_type": "purchased", "gifted_by": None, "gift_message": None}


async def test_rf_1_7_a_gift_is_the_recipients_with_giver_and_message(conn: Connection) -> None:
    """RF-1.7."""
    user, friend = await buyer(conn), await nightshift.user(conn)
    await purchase(conn, user, await item(conn), friend, "Happy birthday!")
    [owned] = await rows(conn, "select user_id, acquisition_type, gifted_by, gift_message, gift_seen from user_items")
    wanted = {"user_id": friend, "acquisition_type": "gift", "gifted_by": user, "gift_message": "Happy birthday!"}
    assert owned == wanted | {"gift_seen": False}
    assert await balance(conn, user) == 95


@pytest.mark.parametrize(
    ("gift", "kind", "said"),
    [(False, "item_purchase", "Purchased Desk lamp"), (True, "item_gift", "Gifted Desk lamp")],
    ids=["bought", "given"],
)
async def test_rf_1_8_the_ledger_says_what_was_paid_for_what(
    conn: Connection, *, gift: bool, kind: str, said: str
) -> None:
    """RF-1.8."""
    user, lamp = await buyer(conn), await item(conn)
    await purchase(conn, user, lamp, await nightshift.user(conn) if gift else None)
    [row] = await rows(
        conn,
        "select user_id, amount, transaction_type, description, related_item_id from essence_transactions "
        "where transaction_type <> 'earned'",
    )
    wanted = {"user_id": user, "amount": -5, "transaction_type": kind, "description": said, "related_item_id": lamp}
    assert row == wanted


async def test_rf_1_10_it_explains_itself(conn: Connection) -> None:
    """RF-1.10."""
    [row] = await rows(conn, "select obj_description(oid) as said from pg_proc where proname = 'purchase_item_atomic'")
    assert "one transaction" in row["said"]
    assert "lock" in row["said"]


@pytest.mark.parametrize("role", ["anon", "authenticated"])
async def test_a_user_cannot_buy_in_anybodys_name(conn: Connection, role: str) -> None:
    """The server alone says who buys."""
    await conn.execute(f"set role {role}")
    with pytest.raises(InsufficientPrivilege):
        await purchase(conn, uuid4(), uuid4())


async def test_the_service_role_can(conn: Connection) -> None:
    user, lamp = await buyer(conn), await item(conn)
    await conn.execute("set role service_role")
    assert (await purchase(conn, user, lamp))["success"]


@pytest.mark.parametrize(
    ("gift", "whom", "word"),
    [
        (True, "nobody", "recipient_not_found"),
        (True, None, "recipient_not_found"),
        (True, "user", "self_gift"),
        (False, "friend", "not_a_gift"),
        (False, "user", "not_a_gift"),
    ],
    ids=["no such user", "nobody named", "oneself", "named, but no gift", "oneself named, but no gift"],
)
async def test_a_gift_has_a_recipient_and_nothing_else_has(
    conn: Connection, *, gift: bool, whom: str | None, word: str
) -> None:
    users = {"user": await buyer(conn), "friend": await nightshift.user(conn), "nobody": uuid4()}
    recipient = users[whom] if whom else None
    assert await purchase(conn, users["user"], await item(conn), recipient, gift=gift) == refusal(word)
    assert await balance(conn, users["user"]) == 100


async def test_the_same_key_answers_the_same_and_does_nothing(conn: Connection) -> None:
    user, lamp = await buyer(conn), await item(conn)
    first = await purchase(conn, user, lamp, key="k")
    await purchase(conn, user, lamp)
    await conn.execute("update items set is_available = false, name = 'Floor lamp', essence_cost = 50")
    assert await purchase(conn, user, lamp, key="k") == first
    assert await balance(conn, user) == 90
    assert len(await rows(conn, "select from user_items")) == 2


async def test_a_key_of_another_purchase_is_a_conflict(conn: Connection) -> None:
    user, friend, lamp, desk = await buyer(conn), await nightshift.user(conn), await item(conn), await item(conn)
    await purchase(conn, user, lamp, friend, "hi", key="k")
    others = [(desk, friend, "hi"), (lamp, None, None), (lamp, friend, "ho"), (lamp, friend, None)]
    assert [await purchase(conn, user, *other, key="k") for other in others] == [refusal("idempotency_conflict")] * 4
    assert await balance(conn, user) == 95


async def test_a_key_is_of_one_user(conn: Connection) -> None:
    one, other, lamp = await buyer(conn), await buyer(conn), await item(conn)
    answers = [await purchase(conn, user, lamp, key="k") for user in (one, other)]
    assert [answer["success"] for answer in answers] == [True, True]
    assert answers[0]["inventory_id"] != answers[1]["inventory_id"]


async def test_a_refusal_leaves_its_key_unused(conn: Connection) -> None:
    user, lamp = await buyer(conn, 4), await item(conn, 5)
    assert await purchase(conn, user, lamp, key="k") == refusal("insufficient_essence")
    await conn.execute("update items set essence_cost = 3")
    assert (await purchase(conn, user, lamp, key="k"))["new_balance"] == 1
