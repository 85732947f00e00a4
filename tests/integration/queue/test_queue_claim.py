"""Claiming: order, leases, fences (spec, section 2)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.outcome import Done, Retry
from tests.integration.queue.desk import NOON, SPENT, Desk
from tests.nightshift import Connection

SOMEBODY = UUID(int=1)


async def test_rows_are_handed_out_in_order_of_their_due_time(desk: Desk) -> None:
    ids = [await desk.add(due=-delay) for delay in (10, 40, 20, 50, 30)]
    assert (await desk.claim()).ids == [ids[n] for n in (3, 1, 4, 2, 0)]


async def test_a_small_claim_takes_those_that_have_waited_longest(desk: Desk) -> None:
    ids = [await desk.add(due=-delay) for delay in (10, 40, 20, 50, 30)]
    assert (await desk.claim(2)).ids == [ids[3], ids[1]]
    assert (await desk.claim(2)).ids == [ids[4], ids[2]]


@pytest.mark.parametrize(("due", "found"), [(-0.001, 1), (0, 1), (0.001, 0), (3600, 0)])
async def test_a_row_is_taken_from_its_due_time_on(desk: Desk, due: float, found: int) -> None:
    await desk.add(due=due)
    assert len((await desk.claim()).rows) == found


async def test_a_claimed_row_is_leased_until_the_lease_ends_and_not_longer(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim(lease=90)
    [claimed] = lease.rows
    assert (claimed["id"], claimed["status"], claimed["locked_by"]) == (row, "processing", lease.token)
    assert claimed["locked_until"] == desk.now + timedelta(seconds=90)
    desk.later(seconds=89.999)
    assert (await desk.claim()).ids == []
    desk.later(seconds=0.001)
    assert (await desk.claim()).ids == [row]


async def test_what_died_between_send_and_settle_is_taken_again_counted_flagged_and_noted(desk: Desk) -> None:
    row, run = await desk.add(), uuid4()
    first = await desk.claim(run=run)
    desk.later(seconds=61)
    [claimed] = (await desk.claim()).rows
    assert not first.rows[0]["possible_duplicate"]
    assert (claimed["id"], claimed["possible_duplicate"], claimed[desk.queue.attempts]) == (row, True, 1)
    assert claimed["history"] == [
        {
            "at": (NOON + timedelta(seconds=61)).isoformat(),
            "fate": "lost",
            "why": "its lease ran out: the process that held it died",
            "run": str(run),
        }
    ]


async def test_a_row_whose_worker_died_on_its_last_attempt_is_dead(desk: Desk) -> None:
    row = await desk.add()
    await desk.change(row, **{desk.queue.attempts: SPENT[desk.table]})
    await desk.claim()
    desk.later(seconds=61)
    assert (await desk.claim()).ids == []
    dead = await desk.row(row)
    assert (dead["status"], dead["possible_duplicate"]) == (desk.queue.dead, True)
    assert dead["last_error"] == "the process that held it died, and no attempt is left"
    assert [entry["fate"] for entry in dead["history"]] == ["dead"]


async def test_every_lost_lease_costs_an_attempt_until_none_is_left(desk: Desk) -> None:
    row = await desk.add()
    claims = 0
    while (await desk.claim()).ids:
        claims += 1
        desk.later(seconds=61)
    assert claims == SPENT[desk.table] + 1
    assert await desk.status(row) == [desk.queue.dead]


async def test_a_worker_that_lost_its_lease_settles_nothing(desk: Desk) -> None:
    row = await desk.add()
    late = await desk.claim()
    desk.later(seconds=61)
    holder = await desk.claim()
    before = await desk.row(row)
    answer = await desk.settle(late.token, (row, Done()))
    assert answer["settled"] == 0
    assert await desk.row(row) == before
    assert (await desk.settle(holder.token, (row, Done())))["done"] == 1


async def test_a_worker_that_is_late_but_not_yet_replaced_still_settles(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    desk.later(seconds=600)
    assert (await desk.settle(lease.token, (row, Done())))["done"] == 1
    assert not (await desk.row(row))["possible_duplicate"]


async def test_settling_twice_changes_nothing_more(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Retry("busy")))
    once = await desk.row(row)
    assert (await desk.settle(lease.token, (row, Retry("busy"))))["settled"] == 0
    assert await desk.row(row) == once


async def test_what_is_finished_is_never_claimed_again(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Done("receipt-1")))
    desk.later(days=365)
    assert (await desk.claim()).ids == []
    finished = await desk.row(row)
    assert (finished["status"], finished["provider_message_id"]) == (desk.queue.done, "receipt-1")
    assert finished[desk.queue.done_at] == NOON


async def test_two_workers_never_get_the_same_row(desk: Desk, other: Connection) -> None:
    for _ in range(6):
        await desk.add()
    async with desk.conn.transaction():
        mine = await desk.claim(3)
        theirs = await desk.beside(other).claim(6)
    assert len(mine.ids) == len(theirs.ids) == 3
    assert not set(mine.ids) & set(theirs.ids)


async def test_the_first_row_opens_the_runs_history_and_an_empty_claim_does_not(desk: Desk) -> None:
    run = uuid4()
    await desk.claim(run=run, job="a-task")
    assert await desk.one("select 1 as one from job_history") == {}
    await desk.add()
    await desk.claim(run=run, job="a-task")
    await desk.add()
    await desk.claim(run=run, job="a-task")
    history = await (await desk.conn.execute("select id, job_name, status from job_history")).fetchall()
    assert history == [{"id": run, "job_name": "a-task", "status": "running"}]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "processing"},
        {"status": "processing", "locked_by": SOMEBODY},
        {"locked_by": SOMEBODY, "locked_until": NOON},
        {"locked_until": NOON},
        {"finished_at": NOON},
        {"status": "discarded"},
        {"status": "sleeping"},
    ],
    ids=str,
)
async def test_the_table_refuses_a_state_that_no_row_may_have(desk: Desk, change: dict[str, Any]) -> None:
    row = await desk.add()
    with pytest.raises(psycopg.errors.CheckViolation):
        await desk.change(row, **change)


async def test_the_table_refuses_to_hold_a_row_that_does_not_wait(desk: Desk) -> None:
    row = await desk.add()
    await desk.claim()
    with pytest.raises(psycopg.errors.CheckViolation):
        await desk.change(row, held=True)


async def test_next_wake_names_what_comes_first(desk: Desk) -> None:
    async def wake() -> Any:
        [answer] = await desk.call("next_wake", desk.now)
        return next(iter(answer.values()))

    assert await wake() is None
    await desk.add(due=300)
    first = await desk.add(due=100)
    assert await wake() == NOON + timedelta(seconds=100)
    desk.later(seconds=100)
    lease = await desk.claim(lease=60)
    assert await wake() == NOON + timedelta(seconds=160)
    await desk.settle(lease.token, (first, Done()))
    assert await wake() == NOON + timedelta(seconds=300)
    await desk.conn.execute(
        "update queues set opened_at = %(at)s, probe_at = %(at)s", {"at": NOON + timedelta(hours=1)}
    )
    assert await wake() == NOON + timedelta(hours=1)
    await desk.conn.execute("update queues set paused_at = now()")
    assert await wake() is None
