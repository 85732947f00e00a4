"""The breaker: a channel that fails as a whole is left alone and probed (spec, section 2)."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from tests.integration.queue.desk import QUEUES, Desk
from tests.nightshift import Connection


async def rows(desk: Desk, number: int) -> list[UUID]:
    return [await desk.add() for _ in range(number)]


async def settle_all(desk: Desk, *fates: Fate) -> bool:
    """Claim as many rows as there are fates and settle them so; whether the queue is open for more."""
    lease = await desk.claim(len(fates))
    answer = await desk.settle(lease.token, *zip(lease.ids, fates, strict=True))
    return bool(answer["queue_open"])


async def break_it(desk: Desk) -> None:
    await rows(desk, 20)
    assert not await settle_all(desk, *[Down("503")] * 5)


@pytest.mark.parametrize("fate", [Down("503"), Unknown("no answer")], ids=["down", "unknown"])
async def test_the_fifth_failure_in_a_row_opens_it(desk: Desk, fate: Fate) -> None:
    await rows(desk, 20)
    assert await settle_all(desk, *[fate] * 4)
    assert not await settle_all(desk, fate)
    health = await desk.health()
    assert (health["opened_at"], health["probe_at"]) == (desk.now, desk.now + timedelta(seconds=2))
    assert health["last_error"] in {"503", "no answer"}
    assert (await desk.claim()).ids == []


@pytest.mark.parametrize("fate", [Done(), Dead("refused"), Retry("busy")], ids=["done", "dead", "retry"])
async def test_any_answer_of_the_provider_starts_the_count_anew(desk: Desk, fate: Fate) -> None:
    await rows(desk, 20)
    assert await settle_all(desk, *[Down("503")] * 4)
    assert await settle_all(desk, fate)
    assert await settle_all(desk, *[Down("503")] * 4)


async def test_a_batch_that_fails_in_its_minority_opens_nothing(desk: Desk) -> None:
    await rows(desk, 20)
    assert await settle_all(desk, *[Down("503")] * 9, *[Done()] * 10)


async def test_a_throttle_is_neither_a_failure_nor_a_success(desk: Desk) -> None:
    await rows(desk, 20)
    await settle_all(desk, *[Down("503")] * 4)
    assert await settle_all(desk, *[Snooze(desk.now, "wait")] * 5)
    assert not await settle_all(desk, Down("503"))


async def test_an_open_breaker_lets_one_row_probe_at_a_time(desk: Desk, other: Connection) -> None:
    await break_it(desk)
    desk.later(seconds=2)
    async with desk.conn.transaction():
        assert len((await desk.claim()).ids) == 1
    assert (await desk.beside(other).claim()).ids == []


async def test_of_two_workers_at_the_same_moment_one_probes(desk: Desk, other: Connection) -> None:
    await break_it(desk)
    desk.later(seconds=2)
    claims = [await claimer.claim() for claimer in (desk, desk.beside(other))]
    assert sorted(len(claim.ids) for claim in claims) == [0, 1]


async def test_probes_come_ever_more_rarely_up_to_once_a_minute(desk: Desk) -> None:
    await break_it(desk)
    waits = []
    for _ in range(12):
        probe_at = (await desk.health())["probe_at"]
        desk.now = probe_at - timedelta(milliseconds=1)
        assert (await desk.claim()).ids == []
        desk.now = probe_at
        await settle_all(desk, Down("503"))
        waits.append(((await desk.health())["probe_at"] - probe_at).total_seconds())
    assert waits == sorted(waits)
    assert (waits[0], waits[1], waits[-1]) == (2, 3, 60)


async def test_a_probe_that_gets_through_closes_it_for_all(desk: Desk) -> None:
    await break_it(desk)
    desk.later(seconds=2)
    assert await settle_all(desk, Done())
    health = await desk.health()
    assert (health["opened_at"], health["probe_at"], health["failures"]) == (None, None, 0)
    assert health["probe_wait"] == timedelta(seconds=2)
    assert len((await desk.claim()).ids) == 19


async def test_an_outage_of_an_hour_kills_nothing_and_costs_no_attempt(desk: Desk) -> None:
    ids = await rows(desk, 10)
    end = desk.now + timedelta(hours=1)
    while desk.now < end:
        lease = await desk.claim()
        await desk.settle(lease.token, *((row, Down("503")) for row in lease.ids))
        desk.later(seconds=25)
    assert set(await desk.status(*ids)) == {"pending"}
    assert {await desk.attempts(row) for row in ids} == {0}


async def test_a_paused_queue_hands_out_nothing_until_it_goes_on(desk: Desk) -> None:
    await rows(desk, 3)
    await desk.conn.execute("update queues set paused_at = now(), paused_by = 'ann'")
    assert (await desk.claim()).ids == []
    await desk.conn.execute("update queues set paused_at = null")
    assert len((await desk.claim()).ids) == 3


async def test_a_pause_tells_workers_to_stop_when_they_settle(desk: Desk) -> None:
    await rows(desk, 2)
    lease = await desk.claim()
    await desk.conn.execute("update queues set paused_at = now()")
    assert not (await desk.settle(lease.token, *((row, Done()) for row in lease.ids)))["queue_open"]


async def test_the_queues_break_apart(desk: Desk) -> None:
    await break_it(desk)
    others = await desk.one("select count(*) as n from queues where name <> %s and opened_at is null", [desk.table])
    assert others["n"] == len(QUEUES) - 1
