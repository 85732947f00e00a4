"""Two workers in each other's way, interleaved by hand: nothing is stuck, nothing is taken twice (spec, section 2)."""

from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from shared.db import Database
from shared.outcome import Done, Retry
from shared.queue import REPLIES
from shared.queue.store import Store
from tests.integration.queue.desk import Desk, connect
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection

FAR = 36_000.0  # seconds; not due for long

UNREACHABLE = """
    select h.id from pending_responses h
    where h.held and not exists (
        select from pending_responses l
        where l.telegram_chat_id = h.telegram_chat_id and l.status in ('pending', 'processing') and not l.held
          and (l.status = 'processing' or (l.scheduled_at, l.id) < (h.scheduled_at, h.id)))
"""


async def unreachable(conn: Connection) -> list[dict[str, object]]:
    """Held rows that nobody would ever let go."""
    return await (await conn.execute(UNREACHABLE)).fetchall()


@pytest.fixture
async def third(database_url: str) -> AsyncIterator[Connection]:
    """Somebody who looks on."""
    async with await connect(database_url) as connection:
        yield connection


@pytest.mark.parametrize("fate", [Done(), Retry("busy"), None], ids=["done", "retry", "given back"])
@pytest.mark.parametrize("with_later_one", [False, True], ids=["two in the chat", "and one for tomorrow"])
async def test_a_follower_is_not_lost_when_its_head_settles_first(
    replies: Desk, other: Connection, fate: Done | Retry | None, *, with_later_one: bool
) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    if with_later_one:
        await replies.add(due=FAR, lane=7)
    lease = await replies.claim(1)
    async with replies.conn.transaction():
        await replies.settle(lease.token, (head, fate))
        assert (await replies.beside(other).claim()).ids == []
    assert await unreachable(other) == []
    replies.later(minutes=10)
    first = await replies.claim()
    assert first.ids == [head if fate != Done() else follower]
    await replies.settle(first.token, (first.ids[0], Done()))
    assert await unreachable(other) == []


@pytest.mark.parametrize("fate", [Done(), Retry("busy"), None], ids=["done", "retry", "given back"])
@pytest.mark.parametrize("with_later_one", [False, True], ids=["two in the chat", "and one for tomorrow"])
async def test_a_follower_is_not_lost_when_it_is_parked_first(
    replies: Desk, other: Connection, third: Connection, fate: Done | Retry | None, *, with_later_one: bool
) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    if with_later_one:
        await replies.add(due=FAR, lane=7)
    lease = await replies.claim(1)
    async with other.transaction():
        await replies.beside(other).claim()
        settling = await begun_and_waiting(third, replies.settle(lease.token, (head, fate)))
    assert (await settling)["settled"] == 1
    assert await unreachable(other) == []
    assert not (await replies.row(follower))["held"] or fate != Done()


async def test_a_follower_is_not_parked_behind_one_that_comes_after_it(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.add(due=FAR, lane=7)
    lease = await replies.claim(1)
    await replies.settle(lease.token, (head, Done()))
    # What a claim does that saw the head in flight a moment before.
    await replies.park(follower)
    assert await unreachable(replies.conn) == []


async def test_a_follower_is_not_lost_when_its_head_is_discarded_meanwhile(
    replies: Desk, other: Connection, third: Connection
) -> None:
    head, follower = await replies.add(due=5, lane=7), await replies.add(due=6, lane=7)
    await replies.change(head, next_attempt_at=replies.now.replace(year=2027))
    replies.later(seconds=10)
    async with other.transaction():
        assert (await replies.beside(other).claim()).ids == []
        discarding = await begun_and_waiting(third, replies.call("discard", [head], "ann", replies.now))
    await discarding
    assert await unreachable(other) == []
    assert (await replies.claim()).ids == [follower]


async def test_a_worker_that_loses_its_lease_at_this_moment_settles_nothing(
    replies: Desk, other: Connection, third: Connection
) -> None:
    row = await replies.add()
    slow = await replies.claim()
    replies.later(seconds=61)
    async with other.transaction():
        holder = await replies.beside(other).claim()
        settling = await begun_and_waiting(third, replies.settle(slow.token, (row, Done())))
    assert (await settling)["settled"] == 0
    after = await replies.row(row)
    assert (after["status"], after["locked_by"]) == ("processing", holder.token)


async def test_an_earlier_reply_inserted_meanwhile_is_not_in_flight_beside_a_later_one(
    replies: Desk, other: Connection, third: Connection
) -> None:
    later = await replies.add(due=-5, lane=7)
    async with other.transaction():
        assert (await replies.beside(other).claim()).ids == [later]
        await replies.add(due=-50, lane=7)
        claiming = await begun_and_waiting(third, replies.claim())
    with pytest.raises(psycopg.errors.UniqueViolation):
        await claiming


async def test_and_the_worker_that_ran_into_it_claims_the_rest(
    database_url: str, replies: Desk, other: Connection, third: Connection
) -> None:
    later, stranger = await replies.add(due=-5, lane=7), uuid4()
    await replies.conn.execute("update pending_responses set scheduled_at = now() - interval '5 seconds'")
    db = Database(database_url)
    store = Store(db, REPLIES, uuid4(), None, uuid4())
    try:
        async with other.transaction():
            assert [row["id"] for row in (await replies.beside(other).call("claim", 1, stranger, "1 minute"))] == [
                later
            ]
            replies.now = (await replies.one("select now() as now"))["now"]
            earlier = await replies.add(due=-50, lane=7)
            elsewhere = await replies.add(due=-3, lane=8)
            claiming = await begun_and_waiting(third, store.claim(50, 60.0, job=None, trigger="schedule"))
        assert [row.id for row in await claiming] == [elsewhere]
        assert await replies.status(later, earlier) == ["processing", "pending"]
    finally:
        await db.close()
