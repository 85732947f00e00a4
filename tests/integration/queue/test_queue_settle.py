"""Settling: what each fate does to a row (spec, section 2)."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.outcome import Dead, Done, Down, Fate, Retry, Skip, Snooze, Unknown
from tests.integration.queue.desk import LADDERS, SPENT, Desk


async def served_another(desk: Desk) -> None:
    """The queue got another row out just now."""
    desk.later(seconds=2)
    row = await desk.add(due=-86_000)
    lease = await desk.claim(1)
    assert lease.ids == [row]
    await desk.settle(lease.token, (row, Done()))
    desk.later(seconds=2)


def waits(desk: Desk, row: dict[str, object]) -> float:
    """Seconds from now until the row is due."""
    at = row["wake_at"]
    assert at is not None
    return float((at - desk.now).total_seconds())  # type: ignore[operator]


async def test_every_fate_in_one_statement(desk: Desk) -> None:
    names = ("done", "retry", "snooze", "dead", "down", "unknown", "release")
    rows = dict(zip(names, [await desk.add() for _ in names], strict=True))
    lease = await desk.claim()
    until = desk.now + timedelta(seconds=37)
    answer = await desk.settle(
        lease.token,
        (rows["done"], Done("r-1")),
        (rows["retry"], Retry("busy")),
        (rows["snooze"], Snooze(until, "asked to wait")),
        (rows["dead"], Dead("refused")),
        (rows["down"], Down("503")),
        (rows["unknown"], Unknown("no answer")),
        (rows["release"], None),
    )
    assert answer == {"settled": 7, "done": 1, "again": 5, "dead": 1, "queue_open": True}
    after = {name: await desk.row(row) for name, row in rows.items()}
    pending = dict.fromkeys(("retry", "snooze", "down", "unknown", "release"), "pending")
    assert {name: row["status"] for name, row in after.items()} == {
        "done": desk.queue.done,
        "dead": desk.queue.dead,
        **pending,
    }
    assert [name for name, row in after.items() if row["possible_duplicate"]] == ["unknown"]
    assert after["snooze"]["wake_at"] == until
    assert after["dead"]["last_error"] == "refused"
    assert after["release"]["wake_at"] <= desk.now
    assert all(row["locked_by"] is None and row["locked_until"] is None for row in after.values())


async def test_each_failure_waits_its_step_of_the_ladder_within_ten_per_cent(desk: Desk) -> None:
    row = await desk.add()
    for step in range(SPENT[desk.table]):
        after = await desk.fail(row, Retry("busy"))
        assert after[desk.queue.attempts] == step + 1
        delay = LADDERS[desk.table][step + desk.queue.first_step - 1]
        assert delay * 0.9 <= waits(desk, after) <= delay * 1.1


async def test_a_send_that_is_never_answered_gets_no_third_copy_soon(desk: Desk) -> None:
    row = await desk.add()
    await desk.fail(row, Unknown("no answer"))
    again = await desk.fail(row, Unknown("no answer"))
    assert (again["status"], waits(desk, again)) == ("pending", 600)


async def test_failures_of_one_batch_do_not_come_back_together(desk: Desk) -> None:
    rows = [await desk.add() for _ in range(20)]
    lease = await desk.claim()
    await desk.settle(lease.token, *((row, Retry("busy")) for row in rows))
    assert len({(await desk.row(row))["wake_at"] for row in rows}) > 15


async def test_a_deployment_may_have_a_ladder_of_its_own(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    await desk.settle(lease.token, (row, Retry("busy")), delays=[timedelta(seconds=200)])
    assert 180 <= waits(desk, await desk.row(row)) <= 220


async def test_a_spent_row_is_a_dead_letter_with_its_whole_history(desk: Desk) -> None:
    row = await desk.add()
    tries = SPENT[desk.table] + 1
    for number in range(tries):
        assert await desk.status(row) == ["pending"]
        await desk.fail(row, Retry(f"error {number}"))
    dead = await desk.row(row)
    assert (dead["status"], dead["last_error"], dead["finished_at"]) == (
        desk.queue.dead,
        f"error {tries - 1}",
        desk.now,
    )
    assert [entry["why"] for entry in dead["history"]] == [f"error {number}" for number in range(tries)]
    assert all({"at", "fate", "run", "ms"} <= entry.keys() for entry in dead["history"])
    assert await desk.attempts(row) == dead.get("max_attempts", 3)


async def test_a_permanent_refusal_wastes_no_retry(desk: Desk) -> None:
    row = await desk.add()
    dead = await desk.fail(row, Dead("refused"))
    assert (dead["status"], len(dead["history"])) == (desk.queue.dead, 1)


@pytest.mark.parametrize("times", [1, 30])
async def test_a_snooze_costs_nothing_however_often_it_comes(desk: Desk, times: int) -> None:
    row = await desk.add()
    for _ in range(times):
        await desk.fail(row, Snooze(desk.now + timedelta(seconds=5), "rate limit"))
    after = await desk.row(row)
    assert (after["status"], after[desk.queue.attempts], after["history"]) == ("pending", 0, [])
    assert after["waits_for"] == "rate limit"


async def test_a_row_given_back_is_as_it_was(desk: Desk) -> None:
    row = await desk.add()
    before = await desk.row(row)
    lease = await desk.claim()
    await desk.settle(lease.token, (row, None))
    changed = {name for name, value in (await desk.row(row)).items() if value != before[name]}
    assert changed <= {"run_id", "updated_at"}


@pytest.mark.parametrize("fate", [Down("503"), Unknown("no answer")], ids=["down", "unknown"])
async def test_the_providers_outage_is_not_the_rows_fault(desk: Desk, fate: Fate) -> None:
    row = await desk.add()
    for _ in range(4):
        await desk.fail(row, fate)
    assert (await desk.status(row), await desk.attempts(row)) == (["pending"], 0)


async def test_but_it_is_if_others_got_through_since_the_rows_last_attempt(desk: Desk) -> None:
    row = await desk.add()
    await desk.fail(row, Down("503"))
    await served_another(desk)
    await desk.fail(row, Down("503"))
    assert await desk.attempts(row) == 1


async def test_a_row_that_alone_meets_a_dead_provider_is_spent_in_the_end(desk: Desk) -> None:
    row = await desk.add()
    await desk.fail(row, Down("503"))
    for _ in range(SPENT[desk.table] + 1):
        await served_another(desk)
        await desk.fail(row, Down("503"))
    assert await desk.status(row) == [desk.queue.dead]


async def test_a_send_in_doubt_is_repeated_once_and_not_twice_while_others_get_through(desk: Desk) -> None:
    row = await desk.add()
    doubted = await desk.fail(row, Unknown("no answer"))
    await served_another(desk)
    dead = await desk.fail(row, Unknown("no answer"))
    assert (doubted["status"], doubted["possible_duplicate"]) == ("pending", True)
    assert (dead["status"], dead["possible_duplicate"]) == (desk.queue.dead, True)


async def test_a_provider_that_was_down_is_tried_again_soon(desk: Desk) -> None:
    row = await desk.add()
    assert waits(desk, await desk.fail(row, Down("503"))) == 2


async def test_a_row_that_is_suppressed_is_finished_and_costs_no_attempt(desk: Desk) -> None:
    row = await desk.add()
    lease = await desk.claim()
    answer = await desk.settle(lease.token, (row, Skip("on the suppression list")))
    status = desk.queue.skipped or desk.queue.dead
    assert (await desk.status(row), await desk.attempts(row)) == ([status], 0)
    assert answer["settled"] == 1


async def test_rows_that_are_not_ours_are_left_out_and_the_rest_is_settled(desk: Desk) -> None:
    mine, theirs = await desk.add(due=-10), await desk.add(due=-5)
    lease = await desk.claim(1)
    await desk.claim(1)
    stranger = UUID(int=0)
    answer = await desk.settle(lease.token, (mine, Done()), (theirs, Done()), (stranger, Done()))
    assert (answer["settled"], await desk.status(mine, theirs)) == (1, [desk.queue.done, "processing"])


async def test_nothing_to_settle_is_settled(desk: Desk) -> None:
    lease = await desk.claim()
    assert (await desk.settle(lease.token))["settled"] == 0
