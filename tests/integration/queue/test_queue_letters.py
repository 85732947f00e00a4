"""Dead letters, idempotency keys, and why a row has not gone out (spec, section 2)."""

from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.migrations.queues import REPLIES
from shared.outcome import Dead, Done, Down, Retry, Skip, Snooze
from tests.integration.queue.desk import NOON, Desk


async def dead(desk: Desk) -> UUID:
    row = await desk.add()
    await desk.fail(row, Dead("refused"))
    return row


async def audit(desk: Desk) -> list[tuple[str, str, str]]:
    cursor = await desk.conn.execute("select actor, action, subject from audit_log order by at, id")
    return [(entry["actor"], entry["action"], entry["subject"]) for entry in await cursor.fetchall()]


async def test_the_same_key_is_taken_once(desk: Desk) -> None:
    await desk.add(key="order-7")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await desk.add(key="order-7")


async def test_rows_without_a_key_are_all_taken(desk: Desk) -> None:
    await desk.add()
    await desk.add()
    assert len((await desk.claim()).ids) == 2


async def test_a_key_stays_taken_after_its_row_is_finished(desk: Desk) -> None:
    row = await desk.add(key="order-7")
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Done()))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await desk.add(key="order-7")


async def test_a_key_of_more_than_256_characters_is_refused(desk: Desk) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await desk.add(key="k" * 257)


async def test_enqueueing_is_part_of_the_callers_transaction(desk: Desk) -> None:
    async def enqueue_and_fail() -> None:
        async with desk.conn.transaction():
            await desk.add()
            raise LookupError

    desk.owner = None if desk.queue is not REPLIES else (await desk.row(await desk.add(due=900)))["user_id"]
    with pytest.raises(LookupError):
        await enqueue_and_fail()
    assert (await desk.claim()).ids == []


async def test_a_requeued_row_goes_at_once_with_fresh_attempts_and_its_history(desk: Desk) -> None:
    row = await desk.add()
    while await desk.status(row) == ["pending"]:
        await desk.fail(row, Retry("busy"))
    before = await desk.row(row)
    desk.later(hours=1)
    assert [next(iter(found.values())) for found in await desk.call("requeue", [row], "ann", desk.now)] == [row]
    after = await desk.row(row)
    assert (after["status"], after[desk.queue.attempts], after["wake_at"]) == ("pending", 0, desk.now)
    assert after["history"][:-1] == before["history"]
    assert after["history"][-1] | {"at": None} == {"at": None, "fate": "requeued", "why": "by ann"}
    assert await audit(desk) == [("ann", "requeue", f"{desk.table}/{row}")]
    assert (await desk.claim()).ids == [row]


async def test_a_requeued_row_has_the_whole_ladder_again(desk: Desk) -> None:
    row = await dead(desk)
    await desk.call("requeue", [row], "ann", desk.now)
    assert (await desk.fail(row, Retry("busy")))["status"] == "pending"


async def test_only_dead_and_discarded_rows_are_requeued(desk: Desk) -> None:
    pending, finished = await desk.add(due=500), await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (finished, Done()))
    assert await desk.call("requeue", [pending, finished, uuid4()], "ann", desk.now) == []
    assert await audit(desk) == []


async def test_discarding_keeps_the_row_and_its_history(desk: Desk) -> None:
    row = await dead(desk)
    desk.later(hours=1)
    await desk.call("discard", [row], "ann", desk.now)
    after = await desk.row(row)
    assert (after["status"], after["finished_at"], after["last_error"]) == (
        "discarded",
        desk.now,
        "refused",
    )
    assert [entry["fate"] for entry in after["history"]] == ["dead", "discarded"]
    assert await audit(desk) == [("ann", "discard", f"{desk.table}/{row}")]


async def test_a_pending_row_can_be_discarded_and_is_never_sent(desk: Desk) -> None:
    row = await desk.add()
    await desk.call("discard", [row], "ann", desk.now)
    assert (await desk.claim()).ids == []
    assert (await desk.row(row))["finished_at"] == desk.now


async def test_a_row_in_flight_cannot_be_discarded(desk: Desk) -> None:
    row = await desk.add()
    await desk.claim()
    assert await desk.call("discard", [row], "ann", desk.now) == []
    assert await desk.status(row) == ["processing"]


async def test_a_discarded_row_can_come_back(desk: Desk) -> None:
    row = await desk.add()
    await desk.call("discard", [row], "ann", desk.now)
    await desk.call("requeue", [row], "bob", desk.now)
    assert (await desk.claim()).ids == [row]
    assert [action for _, action, _ in await audit(desk)] == ["discard", "requeue"]


async def test_why_a_row_that_is_not_due_waits(desk: Desk) -> None:
    row = await desk.add(due=300)
    assert await desk.why(row) == "not due until 2026-01-01 12:05:00+00"


async def test_why_a_limited_row_waits(desk: Desk) -> None:
    row = await desk.add()
    await desk.fail(row, Snooze(NOON + timedelta(minutes=1), "rate limit"))
    assert await desk.why(row) == "rate limit; not due until 2026-01-01 12:01:00+00"


async def test_why_a_failed_row_waits(desk: Desk) -> None:
    row = await desk.add()
    await desk.fail(row, Retry("HTTP 500"))
    assert (await desk.why(row)).startswith("HTTP 500; not due until 2026-01-01 1")


async def test_why_a_due_row_has_not_gone(desk: Desk) -> None:
    row = await desk.add()
    assert await desk.why(row) == "due since 2026-01-01 11:59:00+00; the next run takes it"


async def test_why_a_leased_row_has_not_gone(desk: Desk) -> None:
    row, run = await desk.add(), uuid4()
    await desk.claim(run=run)
    assert await desk.why(row) == f"leased by run {run} until 2026-01-01 12:01:00+00"


async def test_why_a_row_whose_worker_died_has_not_gone(desk: Desk) -> None:
    row, run = await desk.add(), uuid4()
    await desk.claim(run=run)
    desk.later(minutes=2)
    assert await desk.why(row) == f"its lease by run {run} ran out at 2026-01-01 12:01:00+00; the next run takes it"


async def test_why_a_row_of_a_paused_queue_waits(desk: Desk) -> None:
    row = await desk.add()
    await desk.conn.execute("update queues set paused_at = %s, paused_by = 'ann'", [NOON])
    assert await desk.why(row) == "the queue is paused since 2026-01-01 12:00:00+00 by ann"


async def test_why_a_row_behind_an_open_breaker_waits(desk: Desk) -> None:
    rows = [await desk.add() for _ in range(5)]
    row = await desk.add()
    lease = await desk.claim(5)
    await desk.settle(lease.token, *((one, Down("HTTP 503")) for one in rows))
    assert await desk.why(row) == (
        "the breaker is open since 2026-01-01 12:00:00+00 (HTTP 503), next probe at 2026-01-01 12:00:02+00"
    )


async def test_why_a_dead_row_is_dead(desk: Desk) -> None:
    row = await dead(desk)
    assert (await desk.why(row)).startswith("dead: refused (2026-01-01 1")
    assert (await desk.why(row)).endswith("); requeue or discard it")


async def test_why_a_discarded_row_is_not_sent(desk: Desk) -> None:
    row = await dead(desk)
    await desk.call("discard", [row], "ann", desk.now)
    assert (await desk.why(row)).startswith("discarded at 2026-01-01 1")
    assert (await desk.why(row)).endswith(": refused")


async def test_why_a_finished_row_is_finished(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Done()))
    assert await desk.why(row) == f"{desk.queue.done} at 2026-01-01 12:00:00+00"


async def test_why_a_suppressed_row_is_not_sent(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Skip("complained on 2026-01-01")))
    kind = desk.queue.skipped or "dead"
    assert (await desk.why(row)).startswith(f"{kind}: complained on 2026-01-01")


async def test_why_a_later_reply_waits(replies: Desk) -> None:
    first, second = await replies.add(due=-9, lane=7), await replies.add(due=-8, lane=7)
    assert await replies.why(second) == f"behind an earlier message of the same chat: {first}"


async def test_why_answers_by_the_queues_name(desk: Desk) -> None:
    row = await desk.add()
    answer = await desk.one("select why(%s::text, %s::uuid) as why", [desk.table, row])
    assert answer["why"].startswith("due since ")


async def test_why_knows_nothing_of_a_row_that_is_not_there(desk: Desk) -> None:
    assert await desk.one("select why(%s::text, %s::uuid) as why", [desk.table, uuid4()]) == {"why": None}
