"""Replies of one chat: one at a time, in order (spec, section 2, ordering and staleness)."""

from uuid import UUID

import psycopg
import pytest

from shared.outcome import Dead, Done, Retry, Snooze
from tests import nightshift
from tests.integration.queue.desk import Desk

HOT = 10_000  # replies of one chat
HOT_CHAT = 10**9


async def drained(desk: Desk) -> list[UUID]:
    """Claim and deliver until nothing is due; the order of delivery."""
    order: list[UUID] = []
    while (lease := await desk.claim()).ids:
        await desk.settle(lease.token, *((row, Done()) for row in lease.ids))
        order += lease.ids
    return order


async def test_a_claim_takes_one_reply_of_a_chat(replies: Desk) -> None:
    first = await replies.add(due=-9, lane=7)
    for due in (-8, -7, -6):
        await replies.add(due=due, lane=7)
    elsewhere = await replies.add(due=-5, lane=8)
    assert (await replies.claim()).ids == [first, elsewhere]


async def test_the_next_one_goes_when_the_one_before_is_settled(replies: Desk) -> None:
    first, second = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    lease = await replies.claim()
    assert (await replies.claim()).ids == []
    await replies.settle(lease.token, (first, Done()))
    assert (await replies.claim()).ids == [second]


async def test_replies_arrive_in_the_order_of_their_times_however_they_were_inserted(replies: Desk) -> None:
    ids = {due: await replies.add(due=due, lane=7) for due in (-5, -9, -7, -6, -8)}
    assert await drained(replies) == [ids[due] for due in (-9, -8, -7, -6, -5)]


async def test_of_equal_times_the_first_inserted_goes_first(replies: Desk) -> None:
    ids = [await replies.add(due=-9, lane=7) for _ in range(5)]
    assert await drained(replies) == ids


async def test_a_head_that_waits_for_its_retry_holds_back_the_later_ones(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.fail(head, Retry("busy"))
    assert (await replies.claim()).ids == []
    replies.later(minutes=3)
    assert await drained(replies) == [head, follower]


async def test_a_head_that_is_dead_does_not(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.fail(head, Dead("refused"))
    assert (await replies.claim()).ids == [follower]


async def test_a_head_that_is_discarded_does_not(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.fail(head, Retry("busy"))
    assert (await replies.claim()).ids == []
    await replies.call("discard", [head], "ann", replies.now)
    assert (await replies.claim()).ids == [follower]


async def test_a_head_whose_worker_died_for_good_does_not(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.change(head, retry_count=3)
    await replies.claim()
    replies.later(minutes=2)
    assert (await replies.claim()).ids == [follower]
    assert await replies.status(head) == ["failed"]


async def test_an_earlier_reply_that_comes_late_goes_before_those_that_wait(replies: Desk) -> None:
    first, third = await replies.add(due=-9, lane=7), await replies.add(due=-3, lane=7)
    lease = await replies.claim()
    second = await replies.add(due=-6, lane=7)
    assert (await replies.claim()).ids == []
    await replies.settle(lease.token, (first, Done()))
    assert await drained(replies) == [second, third]


async def test_an_earlier_reply_that_comes_late_does_not_join_one_in_flight(replies: Desk) -> None:
    later = await replies.add(due=-3, lane=7)
    lease = await replies.claim()
    earlier = await replies.add(due=-6, lane=7)
    assert (await replies.claim()).ids == []
    await replies.settle(lease.token, (later, Snooze(replies.now, "rate limit")))
    assert await drained(replies) == [earlier, later]


async def test_a_requeued_reply_goes_before_the_later_ones(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=30, lane=7)
    await replies.fail(head, Dead("refused"))
    replies.later(seconds=60)
    await replies.call("requeue", [head], "ann", replies.now)
    assert await drained(replies) == [head, follower]


async def test_two_replies_of_a_chat_are_never_in_flight_together_whoever_says_so(replies: Desk) -> None:
    await replies.add(due=-9, lane=7)
    second = await replies.add(due=-8, lane=7)
    lease = await replies.claim(1)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await replies.change(second, status="processing", locked_by=lease.token, locked_until=replies.now)


async def test_chats_that_another_program_left_without_a_head_are_swept_up(replies: Desk) -> None:
    head, follower = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    await replies.fail(head, Retry("busy"))
    await replies.claim()
    await replies.conn.execute("delete from pending_responses where id = %s", [head])
    assert (await replies.claim()).ids == []
    await replies.call("sweep")
    assert (await replies.claim()).ids == [follower]


@pytest.mark.parametrize(("late", "sent"), [(86_399, True), (86_401, False)])
async def test_a_reply_more_than_24_hours_late_is_failed_and_never_sent(
    replies: Desk, late: int, *, sent: bool
) -> None:
    row = await replies.add(due=-late)
    assert ((await replies.claim()).ids == [row]) is sent
    if not sent:
        assert (await replies.row(row))["last_error"] == "stale: more than 24 hours late"
        assert await replies.status(row) == ["failed"]


async def test_the_later_ones_of_a_stale_reply_still_go(replies: Desk) -> None:
    await replies.add(due=-90_000, lane=7)
    follower = await replies.add(due=-9, lane=7)
    assert (await replies.claim()).ids == [follower]


async def test_a_stale_reply_whose_worker_died_is_failed_and_marked(replies: Desk) -> None:
    row = await replies.add(due=-86_300)
    await replies.claim()
    replies.later(hours=1)
    assert (await replies.claim()).ids == []
    after = await replies.row(row)
    assert (after["status"], after["possible_duplicate"]) == ("failed", True)


async def test_a_stale_reply_that_is_requeued_has_another_day(replies: Desk) -> None:
    row = await replies.add(due=-90_000)
    await replies.claim()
    await replies.call("requeue", [row], "ann", replies.now)
    replies.later(hours=23)
    assert (await replies.claim()).ids == [row]


async def hot_chat(desk: Desk, due: float) -> None:
    """Thousands of replies of one chat."""
    owner = await nightshift.user(desk.conn)
    await desk.conn.execute(
        "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at) "
        "select %s, %s, 'hot', %s + make_interval(secs => n / 1000.0) from generate_series(1, %s) n",
        [owner, HOT_CHAT, desk.now, HOT],
    )
    desk.later(seconds=-due)


async def rows_counted(desk: Desk) -> int:
    """Rows read and written as far as this session has not reported them; only differences mean anything."""
    counted = await desk.one(
        "select idx_tup_fetch + seq_tup_read + n_tup_upd as n from pg_stat_xact_user_tables "
        "where relname = 'pending_responses'"
    )
    return int(counted["n"])


async def rows_touched(desk: Desk) -> int:
    """Rows read by the claim and the settle of one pass, and rows written."""
    async with desk.conn.transaction():
        before = await rows_counted(desk)
        lease = await desk.claim()
        await desk.settle(lease.token, *((row, Done()) for row in lease.ids))
        assert len(lease.ids) == 50
        return await rows_counted(desk) - before


async def test_ten_thousand_replies_of_one_chat_do_not_slow_the_others(replies: Desk) -> None:
    # As the planner chooses by itself once a table is large; of this one it may read all, or all of it many times.
    await replies.conn.execute("set enable_seqscan = off")
    await hot_chat(replies, due=-60)
    for _ in range(500):
        await replies.add(due=-1)
    first = await replies.claim()
    assert len(first.ids) == 50
    await replies.settle(first.token, *((row, Done()) for row in first.ids))
    await replies.conn.execute("analyze pending_responses")
    with_hot_chat = await rows_touched(replies)
    await replies.conn.execute("delete from pending_responses where telegram_chat_id = %s", [HOT_CHAT])
    await replies.conn.execute("vacuum analyze pending_responses")
    without = await rows_touched(replies)
    assert with_hot_chat < 1.2 * without, (with_hot_chat, without)


async def test_thousands_of_stale_replies_of_one_chat_do_not_stop_the_others(replies: Desk) -> None:
    await hot_chat(replies, due=-60)
    await replies.claim()
    replies.later(hours=48)
    fresh = await replies.add(due=-1)
    assert (await replies.claim()).ids == [fresh]
