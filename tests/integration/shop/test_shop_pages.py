"""What a player sees of the shop, of their own and of their essence (spec, section 9)."""

from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from functions.shop.main import app
from shared.resources import Resources
from tests import nightshift, players
from tests.integration.schema.identities import become
from tests.integration.shop.goods import buyer, item, rows
from tests.nightshift import Connection, content

OWNED = """
insert into user_items (user_id, item_id, acquisition_type, gifted_by, gift_message, acquired_at)
values (%s, %s, %s, %s, %s, '2026-01-01Z') returning id
"""


async def owned(conn: Connection, user: UUID, what: UUID, giver: UUID | None = None, message: str | None = None) -> str:
    """A copy of an item, all of the same time; its id."""
    [row] = await rows(conn, OWNED, user, what, "gift" if giver else "earned", giver, message)
    return str(row["id"])


async def page(resources: Resources, user: UUID, path: str, **query: str) -> Any:
    return content(await players.ask(app, resources, user, "GET", path, query=query))


async def ids(resources: Resources, user: UUID, path: str, noun: str, **query: str) -> list[list[str]]:
    """The ids of all pages."""
    found, before = [], None
    while True:
        answered = await page(resources, user, path, **query, **({"before": before} if before else {}))
        found.append([row["id"] for row in answered[noun]])
        before = answered["next_before"]
        if not before:
            return found


async def test_the_shelf_has_what_is_for_sale_newest_first(resources: Resources, conn: Connection) -> None:
    made = [str(await item(conn)) for _ in range(5)]
    await item(conn, available=False)
    await item(conn, 0, purchasable=False)
    found = await ids(resources, uuid4(), "/items", "items", limit="2")
    assert found == [[made[4], made[3]], [made[2], made[1]], [made[0]]]


async def test_the_shelf_of_one_category(resources: Resources, conn: Connection) -> None:
    await item(conn)
    plant = await item(conn, name="Plant", category="plants")
    found = await page(resources, uuid4(), "/items", category="plants")
    assert [(row["id"], row["name"], row["essence_cost"]) for row in found["items"]] == [(str(plant), "Plant", 5)]


async def test_an_inventory_has_several_copies_and_says_who_gave_them(resources: Resources, conn: Connection) -> None:
    user, giver, lamp = await nightshift.user(conn), await buyer(conn, display_name="Mira"), await item(conn)
    copies = [await owned(conn, user, lamp), await owned(conn, user, lamp, giver, "For you")]
    await owned(conn, giver, lamp)
    found = (await page(resources, user, "/inventory"))["inventory"]
    assert [row["id"] for row in found] == copies[::-1]
    wanted = {"name": "Desk lamp", "gifted_by": str(giver), "gifted_by_name": "Mira", "gift_message": "For you"}
    assert found[0].items() >= (wanted | {"acquisition_type": "gift", "gift_seen": False}).items()


async def test_pages_of_an_inventory_meet_at_copies_of_the_same_time(resources: Resources, conn: Connection) -> None:
    user, lamp = await nightshift.user(conn), await item(conn)
    copies = [await owned(conn, user, lamp) for _ in range(5)]
    found = await ids(resources, user, "/inventory", "inventory", limit="2")
    assert [len(each) for each in found] == [2, 2, 1]
    assert list(chain(*found)) == copies[::-1]


async def test_what_is_owned_stays_when_it_is_no_longer_sold(resources: Resources, conn: Connection) -> None:
    user, lamp = await nightshift.user(conn), await item(conn)
    await owned(conn, user, lamp)
    await conn.execute("update items set is_available = false")
    assert len((await page(resources, user, "/inventory"))["inventory"]) == 1


async def test_a_gift_outlives_who_gave_it(resources: Resources, conn: Connection) -> None:
    user, giver, lamp = await nightshift.user(conn), await buyer(conn), await item(conn)
    await owned(conn, user, lamp, giver)
    await conn.execute("delete from users where id = %s", [giver])
    [row] = (await page(resources, user, "/inventory"))["inventory"]
    assert (row["acquisition_type"], row["gifted_by"]) == ("gift", None)


async def test_gifts_are_new_until_they_were_looked_at(resources: Resources, conn: Connection) -> None:
    user, giver, lamp = await nightshift.user(conn), await buyer(conn), await item(conn)
    await owned(conn, user, lamp)
    one, other = [await owned(conn, user, lamp, giver) for _ in range(2)]
    theirs = await owned(conn, giver, lamp, user)

    async def look(**body: Any) -> int:
        response = await players.ask(app, resources, user, "POST", "/gifts/seen", body=body)
        return int(content(response)["seen"])

    assert await look(ids=[one, theirs, str(uuid4())]) == 1
    assert await ids(resources, user, "/inventory", "inventory", unseen="true") == [[other]]
    assert [await look(), await look()] == [1, 0]
    [row] = await rows(conn, "select gift_seen from user_items where id = %s", theirs)
    assert row == {"gift_seen": False}


async def test_a_balance_comes_with_what_it_is_made_of(resources: Resources, conn: Connection) -> None:
    user, lamp = await buyer(conn, 100), await item(conn, 30)
    await players.ask(app, resources, user, "POST", "/buy", body={"item_id": str(lamp)})
    found = await page(resources, user, "/balance")
    assert {name: found[name] for name in ("balance", "total_earned", "total_spent")} == {
        "balance": 70,
        "total_earned": 100,
        "total_spent": 30,
    }
    assert [(row["amount"], row["transaction_type"]) for row in found["transactions"]] == [
        (-30, "item_purchase"),
        (100, "earned"),
    ]


async def test_pages_of_the_ledger_meet_at_rows_of_the_same_time(resources: Resources, conn: Connection) -> None:
    user = await buyer(conn, 7)
    for _ in range(4):
        await conn.execute(
            "insert into essence_transactions (user_id, amount, transaction_type) values (%s, 1, 'earned')", [user]
        )
    await conn.execute("update essence_transactions set created_at = '2026-01-01Z'")
    found = await ids(resources, user, "/balance", "transactions", limit="2")
    assert [len(each) for each in found] == [2, 2, 1]
    assert len(set(chain(*found))) == 5


async def test_who_never_had_essence_has_none(resources: Resources) -> None:
    assert await page(resources, uuid4(), "/balance") == {
        "balance": 0,
        "total_earned": 0,
        "total_spent": 0,
        "transactions": [],
        "next_before": None,
    }


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/items", {"limit": "201"}),
        ("/items", {"before": "x"}),
        ("/items", {"category": "a\x00b"}),
        ("/inventory", {"unseen": "perhaps"}),
        ("/inventory", {"before": "2026-01-01"}),
        ("/balance", {"user": str(UUID(int=1))}),
    ],
    ids=["too many", "no id", "no text", "neither yes nor no", "no cursor", "somebody else's"],
)
async def test_a_query_that_is_none_is_refused(resources: Resources, path: str, query: dict[str, str]) -> None:
    assert (await players.ask(app, resources, uuid4(), "GET", path, query=query)).status == 422


@pytest.mark.parametrize(
    "statement",
    [
        "update furniture_essence set balance = 1000",
        "insert into user_items (user_id, item_id) select auth.uid(), id from items",
        "update user_items set gift_seen = true",
        "update items set essence_cost = 1",
        "delete from essence_transactions",
    ],
    ids=["a balance", "an item of one's own", "a gift", "a price", "the ledger"],
)
async def test_a_user_who_comes_past_the_api_changes_nothing(
    database_url: str, conn: Connection, statement: str
) -> None:
    user = await buyer(conn)
    await owned(conn, user, await item(conn))
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", str(user))
        assert connection.execute("select name, essence_cost from items").fetchall() == [("Desk lamp", 5)]
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement)
