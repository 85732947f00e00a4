"""Purchases at the same time: real locks over many connections (seed 000, task 1; spec, section 9)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.shop.orders import Gift, InsufficientEssenceError, KeyConflictError
from functions.shop.purchase import buy_item, gift_item
from shared.db import Database
from tests.integration.partners.couples import pair
from tests.integration.queue.waiting import begun_and_waiting, until
from tests.integration.shop.goods import balance, books_balance, buyer, item, rows
from tests.nightshift import Connection

CONNECTIONS = 40
PURCHASES, AFFORDED, PRICE = 1000, 600, 3
PATIENCE = 60.0  # seconds for a connection: a thousand wait for one purse


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url, pool_max=CONNECTIONS, timeout=PATIENCE)
    yield made
    await made.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Connection]:
    """A second program."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator[Connection]:
    """Sees who waits for whom."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


async def couple(conn: Connection) -> tuple[UUID, UUID]:
    """Two partners who can pay, with addresses."""
    one, another = [await buyer(conn, email=f"{name}@example.org") for name in ("mira", "jonas")]
    await pair(conn, one, another)
    return one, another


async def given(conn: Connection) -> Counter[tuple[UUID, UUID]]:
    """Who gave whom how many items."""
    found = await rows(conn, "select gifted_by, user_id from user_items")
    return Counter((row["gifted_by"], row["user_id"]) for row in found)


async def deadlocked(watcher: Connection) -> bool:
    """Whether the database has counted a deadlock."""
    [row] = await rows(watcher, "select deadlocks from pg_stat_database where datname = current_database()")
    return bool(row["deadlocks"] == 1)


async def test_rf_1_3_a_thousand_purchases_at_once_spend_what_there_is(db: Database, conn: Connection) -> None:
    """RF-1.3."""
    user, lamp = await buyer(conn, AFFORDED * PRICE), await item(conn, PRICE)
    outcomes = await asyncio.gather(*(buy_item(db, user, lamp) for _ in range(PURCHASES)), return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, InsufficientEssenceError)]
    bought = [each for each in outcomes if isinstance(each, dict)]
    owned = {str(row["id"]) for row in await rows(conn, "select id from user_items where user_id = %s", user)}
    assert (len(refused), len(bought)) == (PURCHASES - AFFORDED, AFFORDED)
    assert {each["inventory_id"] for each in bought} == owned
    assert sorted(each["new_balance"] for each in bought) == [PRICE * left for left in range(AFFORDED)]
    assert await balance(conn, user) == 0
    assert await books_balance(conn)


async def test_rf_1_3_the_second_of_two_finds_what_the_first_has_left(
    db: Database, conn: Connection, watcher: Connection
) -> None:
    """RF-1.3."""
    user, lamp = await buyer(conn, 8), await item(conn, 5)
    async with conn.transaction():
        await conn.execute("select purchase_item_atomic(%s, %s)", [user, lamp])
        second = await begun_and_waiting(watcher, buy_item(db, user, lamp))
    with pytest.raises(InsufficientEssenceError):
        await second
    assert await balance(conn, user) == 3


async def test_a_key_that_is_in_use_at_this_moment_answers_what_that_purchase_does(
    db: Database, conn: Connection, watcher: Connection
) -> None:
    user, lamp = await buyer(conn), await item(conn)
    async with conn.transaction():
        [first] = await rows(
            conn, "select purchase_item_atomic(%s, %s, p_idempotency_key => 'k') as answer", user, lamp
        )
        second = await begun_and_waiting(watcher, buy_item(db, user, lamp, key="k"))
    assert await second == {name: value for name, value in first["answer"].items() if name != "success"}
    assert await balance(conn, user) == 95


async def test_a_key_whose_purchase_is_taken_back_is_free(db: Database, conn: Connection, watcher: Connection) -> None:
    user, lamp, desk = await buyer(conn), await item(conn), await item(conn, 7)
    async with conn.transaction(force_rollback=True):
        await conn.execute("select purchase_item_atomic(%s, %s, p_idempotency_key => 'k')", [user, lamp])
        second = await begun_and_waiting(watcher, buy_item(db, user, desk, key="k"))
    assert (await second)["new_balance"] == 93


async def test_one_key_of_many_at_once_is_one_purchase(db: Database, conn: Connection) -> None:
    user, lamp, desk = await buyer(conn), await item(conn), await item(conn)
    outcomes = await asyncio.gather(
        *(buy_item(db, user, what, key="k") for what in (lamp, desk) * 20), return_exceptions=True
    )
    bought = [each["inventory_id"] for each in outcomes if isinstance(each, dict)]
    assert len(set(bought)) == 1
    assert (len(bought), sum(isinstance(each, KeyConflictError) for each in outcomes)) == (20, 20)
    assert await balance(conn, user) == 95


async def test_two_who_give_each_other_at_the_same_moment_do_not_hinder_each_other(
    conn: Connection, other: Connection
) -> None:
    """Each is in the middle of its transaction while the other goes on; a lock in the way would be waited for."""
    (one, another), lamp = await couple(conn), await item(conn)
    give = "select purchase_item_atomic(%s, %s, true, %s) ->> 'new_balance' as left"
    for connection in (conn, other):
        await connection.execute("set lock_timeout = '1s'")
    async with conn.transaction():
        first = await rows(conn, give, one, lamp, another)
        async with other.transaction():
            second = await rows(other, give, another, lamp, one)
    assert (first, second) == ([{"left": "95"}], [{"left": "95"}])
    assert await given(conn) == {(one, another): 1, (another, one): 1}


async def test_many_gifts_both_ways_are_all_given(db: Database, conn: Connection) -> None:
    (one, another), lamp = await couple(conn), await item(conn, 1)

    async def give(sender: UUID, recipient: UUID, turn: int) -> Any:
        return await gift_item(db, sender, Gift(item_id=lamp, recipient_id=recipient), key=f"k-{turn}")

    await asyncio.gather(*(give(*way, turn) for turn in range(50) for way in ((one, another), (another, one))))
    assert await given(conn) == {(one, another): 50, (another, one): 50}
    assert len(await rows(conn, "select from email_queue")) == 100
    assert [await balance(conn, user) for user in (one, another)] == [50, 50]
    assert await books_balance(conn)


async def test_a_gift_that_is_the_victim_of_a_deadlock_is_given_once(
    db: Database, conn: Connection, other: Connection, watcher: Connection
) -> None:
    """The gift waits for the recipient's row, whose holder then wants the giver's purse."""
    (one, another), lamp = await couple(conn), await item(conn)
    await other.execute("set deadlock_timeout = '60s'")  # so that the gift finds it out, and is rolled back
    async with other.transaction():
        await other.execute("select from users where id = %s for update", [another])
        giving = await begun_and_waiting(watcher, gift_item(db, one, Gift(item_id=lamp, recipient_id=another)))
        await other.execute("update furniture_essence set updated_at = now() where user_id = %s", [one])
    assert (await giving)["new_balance"] == 95
    await until(lambda: deadlocked(watcher))
    assert await given(conn) == {(one, another): 1}
    assert len(await rows(conn, "select from email_queue")) == 1
    assert await books_balance(conn)


async def test_partners_who_part_at_that_moment_part_after_the_gift(
    db: Database, conn: Connection, other: Connection, watcher: Connection
) -> None:
    (one, another), lamp = await couple(conn), await item(conn)
    async with other.transaction():
        await other.execute("select from furniture_essence where user_id = %s for update", [one])
        giving = await begun_and_waiting(watcher, gift_item(db, one, Gift(item_id=lamp, recipient_id=another)))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await conn.execute("select from partnerships for update nowait")
    assert (await giving)["new_balance"] == 95
