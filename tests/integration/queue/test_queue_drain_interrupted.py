"""What a run leaves behind that is cut short between its steps (spec, section 2)."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from shared.errors import UnavailableError
from shared.limits import Permit
from shared.outcome import Dead, Done, Fate, Skip, Snooze
from shared.queue import EMAILS, drain
from shared.queue.drain import Drain
from shared.queue.store import Settled, Settlement
from shared.queue.tables import Claimed
from shared.resources import Resources
from tests.integration.queue.desk import Desk
from tests.integration.queue.pipeline import run_of


class Sender:
    """Takes everything; screens as it is told."""

    def __init__(self, known: Mapping[UUID, Fate] | None = None, error: Exception | None = None) -> None:
        self.known, self.error = known or {}, error
        self.sent: list[UUID] = []

    def permits(self, _row: Claimed) -> Sequence[Permit]:
        return [Permit("provider", 1000, 1.0)]

    async def screen(self, _rows: Sequence[Claimed]) -> Mapping[UUID, Fate]:
        if self.error:
            raise self.error
        return self.known

    async def send(self, row: Claimed) -> Fate:
        self.sent.append(row.id)
        return Done()


async def untouched(emails: Desk, row: UUID) -> bool:
    """Pending as before: no attempt counted, no doubt cast on it."""
    after = await emails.row(row)
    return (after["status"], after["attempts"], after["possible_duplicate"]) == ("pending", 0, False)


@pytest.mark.parametrize("error", [UnavailableError("away"), ZeroDivisionError()])
async def test_rows_that_could_not_be_screened_go_back_at_once(
    emails: Desk, resources: Resources, error: Exception
) -> None:
    row = await emails.add()
    sender = Sender(error=error)
    with pytest.raises(type(error)):
        await drain(run_of(resources), EMAILS, sender)
    assert sender.sent == []
    assert await untouched(emails, row)


async def test_rows_without_an_answer_of_the_limiter_go_back_and_those_known_before_are_settled(
    emails: Desk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped, other = await emails.add(), await emails.add()

    async def away(_rows: Sequence[Sequence[Permit]], _patience: float) -> list[float]:
        raise UnavailableError("The database cannot be reached.")

    monkeypatch.setattr(resources.limiter, "reserve", away)
    with pytest.raises(UnavailableError):
        await drain(run_of(resources), EMAILS, Sender({skipped: Skip("on the suppression list")}))
    assert await emails.status(skipped) == ["suppressed"]
    assert await untouched(emails, other)


class Busy(Sender):
    """The first send ends when the test says so; the next one waits for a permit meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way, self.done = asyncio.Event(), asyncio.Event()

    def permits(self, _row: Claimed) -> Sequence[Permit]:
        return [Permit("provider", 1, 1.5)]

    async def send(self, row: Claimed) -> Fate:
        self.under_way.set()
        await self.done.wait()
        return await super().send(row)


async def test_a_run_whose_process_is_to_end_sends_nothing_more_and_leaves_no_row_leased(
    emails: Desk, resources: Resources
) -> None:
    first, waiting, later = [await emails.add(due=due) for due in (-3, -2, -1)]
    run, sender = run_of(resources), Busy()
    draining = asyncio.create_task(drain(run, EMAILS, sender, claim=2, linger=50.0))
    await sender.under_way.wait()
    resources.ends_at = time.monotonic() + 2.0
    sender.done.set()
    await draining
    assert sender.sent == [first]
    assert await emails.status(first) == ["sent"]
    assert await untouched(emails, waiting)
    assert await untouched(emails, later)


async def test_a_run_that_is_cancelled_while_it_ends_still_writes_down_what_it_sent(
    emails: Desk, resources: Resources
) -> None:
    quick, slow = await emails.add(due=-2), await emails.add(due=-1)
    stuck = asyncio.Event()

    class OneSlow(Sender):
        async def send(self, row: Claimed) -> Fate:
            if row.id == slow:
                stuck.set()
                await asyncio.Event().wait()
            return await super().send(row)

    work = Drain(run_of(resources), EMAILS, OneSlow(), 50)
    while not stuck.is_set():
        await work.turn(0.0, until_empty=False)
    ending = asyncio.create_task(work.finish())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert await emails.status(quick, slow) == ["sent", "processing"]


async def test_a_run_that_is_cancelled_while_it_settles_settles_all_the_same(
    emails: Desk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await emails.add()
    work = Drain(run_of(resources), EMAILS, Sender(), 50)
    settle, settling = work.store.settle, asyncio.Event()

    async def stuck_at_first(finished: Sequence[Any]) -> Settled:
        if not settling.is_set():
            settling.set()
            await asyncio.Event().wait()
        return await settle(finished)

    monkeypatch.setattr(work.store, "settle", stuck_at_first)

    async def turns() -> None:
        while await work.turn(0.0, until_empty=False):
            pass

    turning = asyncio.create_task(turns())
    await settling.wait()
    turning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turning
    await work.finish()
    assert await emails.status(row) == ["sent"]


async def test_words_that_no_database_takes_keep_no_batch_from_being_settled(
    emails: Desk, resources: Resources
) -> None:
    fates: Iterator[Fate] = iter([Done("receipt\0"), Dead("why\0"), Dead("why \ud800")])
    rows = [await emails.add(due=due) for due in (-3, -2, -1)]

    class Odd(Sender):
        async def send(self, row: Claimed) -> Fate:
            await super().send(row)
            return next(fates)

    await drain(run_of(resources), EMAILS, Odd())
    assert await emails.status(*rows) == ["sent", "dead_letter", "dead_letter"]
    assert (await emails.row(rows[0]))["provider_message_id"] == "receipt"
    assert (await emails.row(rows[2]))["last_error"] == "why ?"


async def test_rows_that_went_back_and_were_taken_over_do_not_count_below_nothing(
    emails: Desk, resources: Resources
) -> None:
    row = await emails.add()
    run = run_of(resources)
    work = Drain(run, EMAILS, Sender(), 50)
    [lease] = await work.store.claim(1, 60.0, job=None, trigger="schedule")
    await emails.change(row, locked_by=UUID(int=7))
    await work.writer.settle([Settlement(lease.id, Snooze(emails.now, "rate limit"))])
    assert (run.processed, run.failed) == (0, 0)
