"""Very many due replies of one chat: claims pass over them for a moment instead of parking each (decision 2)."""

import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.outcome import Done
from tests.integration.queue.desk import Desk, connect

HOT, HOT_CHAT = 60, 7
MOMENT = 0.25  # seconds for which claims pass over a chat


async def hot_chat(desk: Desk) -> list[UUID]:
    """More due replies of one chat than a claim wants to park, a minute old and older."""
    return [await desk.add(due=-HOT - 60 + n, lane=HOT_CHAT) for n in range(HOT)]


async def others(desk: Desk, count: int) -> list[UUID]:
    """Replies of other chats, due for less than a minute."""
    return [await desk.add(due=-50 + n) for n in range(count)]


async def deliver(desk: Desk, limit: int = 50) -> list[UUID]:
    """One claim, delivered; what it got, the longest due first."""
    lease = await desk.claim(limit)
    await desk.settle(lease.token, *((row, Done()) for row in lease.ids))
    return lease.ids


@pytest.fixture
async def second(replies: Desk, database_url: str) -> AsyncIterator[Desk]:
    """Another worker."""
    async with await connect(database_url) as conn:
        yield replies.beside(conn)


async def test_a_claim_takes_its_first_one_and_what_lies_behind_all_of_them(replies: Desk) -> None:
    hot, behind = await hot_chat(replies), await others(replies, 20)
    assert await deliver(replies) == [hot[0], *behind]


async def test_the_next_claim_goes_on_behind_the_last_one(replies: Desk) -> None:
    await hot_chat(replies)
    behind = await others(replies, 20)
    await deliver(replies, 10)
    assert await deliver(replies, 10) == behind[9:19]


async def test_what_is_due_for_longer_is_seen_again_after_a_moment(replies: Desk) -> None:
    hot, behind = await hot_chat(replies), await others(replies, 30)
    await deliver(replies, 10)
    late = await replies.add(due=-500)
    assert await deliver(replies, 10) == behind[9:19]
    moment = await replies.health()
    replies.now = moment["hot_until"]
    assert await deliver(replies, 10) == [late, hot[1], *behind[19:27]]


async def test_the_moment_is_short(replies: Desk) -> None:
    await hot_chat(replies)
    began = time.monotonic()
    await replies.claim()
    longest = 20 * (time.monotonic() - began)  # a claim that has much to pass over is not to be repeated soon
    ends = (await replies.health())["hot_until"]
    assert MOMENT <= (ends - replies.now).total_seconds() <= max(MOMENT, longest)


async def test_where_nothing_else_is_due_it_is_seen_at_once(replies: Desk) -> None:
    hot = await hot_chat(replies)
    await deliver(replies)
    late = await replies.add(due=-500)
    assert await deliver(replies) == [late, hot[1]]


async def test_a_chat_alone_goes_on_reply_by_reply_in_order(replies: Desk) -> None:
    hot = await hot_chat(replies)
    assert [row for _ in hot for row in await deliver(replies)] == hot


async def test_of_a_chat_that_is_passed_over_nothing_goes_while_one_is_in_flight(replies: Desk, second: Desk) -> None:
    [first, *_], behind = await hot_chat(replies), await others(replies, 4)
    lease = await replies.claim(3)
    assert lease.ids == [first, *behind[:2]]
    assert (await second.claim()).ids == behind[2:]
    assert (await second.claim()).ids == []


async def test_a_chat_that_gets_hot_meanwhile_is_passed_over_too(replies: Desk) -> None:
    await hot_chat(replies)
    await others(replies, 20)
    await deliver(replies, 10)
    [first, *_] = [await replies.add(due=-20, lane=8) for _ in range(HOT)]
    assert first in await deliver(replies)
    assert (await replies.health())["hot_lanes"] == [HOT_CHAT, 8]


async def test_two_claims_at_once_do_not_wait_for_each_other(replies: Desk, second: Desk) -> None:
    await hot_chat(replies)
    behind = await others(replies, 40)
    await second.conn.execute("set lock_timeout = '1s'")
    async with replies.conn.transaction():
        taken = (await replies.claim(20)).ids
        assert set((await second.claim()).ids) == set(behind) - set(taken)


async def test_thousands_of_stale_ones_are_put_aside_by_one_claim(replies: Desk) -> None:
    await replies.add(due=-90_000)
    await replies.conn.execute(
        "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at) "
        "select user_id, n, 'stale', scheduled_at from pending_responses, generate_series(1, 5000) n"
    )
    fresh = await replies.add(due=-1)
    assert (await replies.claim()).ids == [fresh]
