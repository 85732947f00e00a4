"""A run that waits comes back when a row is due, and not much later."""

import asyncio
import time

import pytest

from shared.queue.bell import LOOK, Bell
from tests.integration.queue.desk import Desk, connect
from tests.integration.queue.waiting import until
from tests.integration.queue_bell.waiters import LONG, PATIENCE, begun, bell_of, waiting
from tests.nightshift import Connection


@pytest.mark.usefixtures("unlooked")
async def test_a_row_that_is_due_rings(desk: Desk, database_url: str) -> None:
    async with bell_of(database_url, desk.table) as bell:
        wait = await begun(bell)
        await desk.add()
        await asyncio.wait_for(wait, PATIENCE)


@pytest.mark.usefixtures("unlooked")
async def test_every_run_that_waits_hears_the_ring(emails: Desk, bell: Bell, database_url: str) -> None:
    async with bell_of(database_url) as other:
        waits = [await begun(each) for each in (bell, other)]
        await emails.add()
        await asyncio.wait_for(asyncio.gather(*waits), PATIENCE)


@pytest.mark.usefixtures("unlooked")
async def test_a_row_that_is_due_soon_rings_since_no_look_comes_before(emails: Desk, bell: Bell) -> None:
    wait = await begun(bell)
    await emails.add(due=LOOK)
    await asyncio.wait_for(wait, PATIENCE)


async def test_a_wait_ends_when_a_row_is_due(emails: Desk, bell: Bell) -> None:
    await emails.add(due=1.0)
    await (await begun(bell))
    cursor = await emails.conn.execute("select clock_timestamp() - min(created_at) as late from email_queue")
    late = (await cursor.fetchone() or {})["late"].total_seconds()
    assert 0 <= late < 0.5


async def test_a_wait_without_work_ends_when_its_time_is_over(bell: Bell) -> None:
    began = time.monotonic()
    while (left := began + 0.3 - time.monotonic()) > 0:
        await bell.rung(left)
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("unlooked")
async def test_a_row_that_comes_before_anybody_listens_is_found(emails: Desk, bell: Bell) -> None:
    wait = asyncio.create_task(bell.rung(LONG))
    await emails.add()
    await asyncio.wait_for(wait, PATIENCE)  # the line has come up: the run looks again


async def test_a_row_whose_transaction_began_before_the_wait_is_found_by_a_look(
    emails: Desk, bell: Bell, database_url: str
) -> None:
    async with await connect(database_url) as other:
        await other.execute("begin")
        await emails.beside(other).add()
        wait = await begun(bell)
        await other.execute("commit")
        committed = time.monotonic()
        await wait
    assert time.monotonic() - committed < LOOK


async def test_a_hundred_rings_are_heard_as_few(emails: Desk, bell: Bell) -> None:
    wait = await begun(bell)
    for _ in range(100):
        await emails.add()
    await wait
    await emails.conn.execute("delete from email_queue")
    comebacks = 0
    while not await ended(bell):
        comebacks += 1
    assert comebacks <= 2


async def ended(bell: Bell) -> bool:
    """Whether a wait runs into its end, since nothing rings any more."""
    began = time.monotonic()
    await bell.rung(0.5)
    return time.monotonic() - began >= 0.5


async def test_a_row_that_somebody_holds_is_looked_for_less_and_less(emails: Desk, bell: Bell) -> None:
    await emails.add()
    began, comebacks = time.monotonic(), 0
    while time.monotonic() - began < 1.0:
        await bell.rung(LONG)
        comebacks += 1
    assert comebacks <= 10


async def test_nobody_is_known_to_wait_any_more_when_the_wait_is_over(emails: Desk, bell: Bell) -> None:
    wait = await begun(bell)
    await emails.add()
    await wait

    async def forgotten() -> bool:
        return await waiting(emails.conn) == []

    await until(forgotten)


async def test_a_wait_that_is_cancelled_leaves_nothing_behind(database_url: str, conn: Connection) -> None:
    async with bell_of(database_url) as bell:
        wait = await begun(bell)
        wait.cancel()
        await asyncio.wait({wait})

    async def forgotten() -> bool:
        return await waiting(conn) == []

    await until(forgotten)
