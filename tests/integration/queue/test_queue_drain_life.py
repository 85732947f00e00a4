"""The life of a run that drains a queue: its row, its counts, its time, its end (spec, sections 2 and 3)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.errors import UnavailableError
from shared.outcome import Dead, Done, Fate
from shared.queue import EMAILS, drain
from shared.queue.drain import GRACE, Drain
from shared.queue.store import Settlement
from shared.queue.tables import Claimed
from shared.resources import Resources
from tests import nightshift
from tests.integration.queue.desk import Desk
from tests.integration.queue.pipeline import Recorder, run_of


async def test_the_run_has_a_row_as_soon_as_it_has_work(emails: Desk, resources: Resources) -> None:
    await emails.add()
    run = run_of(resources)
    await drain(run, EMAILS, Recorder())
    row = await nightshift.row(emails.conn, "job_history", run.id)
    assert (row["job_name"], row["status"], run.opened) == ("a-task", "running", True)


async def test_a_run_that_was_opened_by_hand_is_not_opened_again(emails: Desk, resources: Resources) -> None:
    await emails.add()
    run = run_of(resources)
    run.opened = True
    await drain(run, EMAILS, Recorder())
    assert await nightshift.row(emails.conn, "job_history", run.id) == {}


async def test_dead_letters_count_as_failed(emails: Desk, resources: Resources) -> None:
    await emails.add()
    run = run_of(resources)
    await drain(run, EMAILS, Recorder(lambda _: Dead("refused")))
    assert (run.processed, run.failed) == (0, 1)


async def test_leases_that_were_lost_are_neither_processed_nor_failed(emails: Desk, resources: Resources) -> None:
    row = await emails.add()
    run = run_of(resources)
    sender = Recorder()
    work = Drain(run, EMAILS, sender, 50)
    while not sender.sent:
        await work.turn(0.0, until_empty=False)
    await emails.change(row, locked_by=uuid4())
    await work.finish()
    assert (run.processed, run.failed, await emails.status(row)) == (0, 0, ["processing"])


async def test_no_claim_is_begun_without_time_for_its_sends(emails: Desk, resources: Resources) -> None:
    row = await emails.add()
    sender = Recorder()
    await drain(run_of(resources, seconds_left=GRACE - 1), EMAILS, sender)
    assert (sender.sent, await emails.status(row)) == ([], ["pending"])


async def test_a_send_without_end_keeps_its_lease_and_is_taken_up_later(emails: Desk, resources: Resources) -> None:
    row = await emails.add()

    class Endless(Recorder):
        async def send(self, row: Claimed) -> Fate:
            self.sent.append(row.id)
            await asyncio.Event().wait()
            raise AssertionError

    run = run_of(resources, seconds_left=GRACE + 0.2)
    sender = Endless()
    work = Drain(run, EMAILS, sender, 50)
    while not sender.sent:
        await work.turn(0.0, until_empty=False)
    run._deadline -= GRACE - 1
    await work.finish()
    assert await emails.status(row) == ["processing"]


async def test_what_was_sent_is_written_down_when_the_database_comes_back(
    emails: Desk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await emails.add()
    run = run_of(resources)
    work = Drain(run, EMAILS, Recorder(), 50)
    settle, failures = work.store.settle, iter(range(4))

    async def away_at_first(finished: Any) -> Any:
        if next(failures, None) is not None:
            raise UnavailableError("The database cannot be reached.")
        return await settle(finished)

    monkeypatch.setattr(work.store, "settle", away_at_first)

    async def drained() -> None:
        try:
            while await work.turn(0.0, until_empty=False):
                pass
        finally:
            await work.finish()

    with pytest.raises(UnavailableError):
        await drained()
    assert await emails.status(row) == ["sent"]


async def test_a_database_that_stays_away_ends_the_run_in_time(
    emails: Desk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await emails.add()
    run = run_of(resources)
    work = Drain(run, EMAILS, Recorder(), 50)

    async def away(_finished: Any) -> Any:
        run._deadline -= 20
        raise UnavailableError("The database cannot be reached.")

    monkeypatch.setattr(work.store, "settle", away)
    work.sends.finished.append(Settlement(uuid4(), Done()))
    with pytest.raises(UnavailableError):
        await work.finish()


async def test_a_lingering_run_sends_what_becomes_due_meanwhile(emails: Desk, resources: Resources) -> None:
    late = await emails.add(due=0.3)
    sender = Recorder()
    run = run_of(resources)

    def done(_row: Claimed) -> Fate:
        run._deadline = 0.0
        return Done()

    sender.answer = done
    await drain(run, EMAILS, sender, linger=30.0)
    assert sender.sent == [late]


async def test_lingering_ends_by_itself(emails: Desk, resources: Resources) -> None:
    run = run_of(resources)
    await drain(run, EMAILS, Recorder(), linger=0.15)
    assert run.seconds_left() > GRACE


async def test_twenty_claims_of_fifty_rows_take_few_more_than_twenty_round_trips(
    emails: Desk, resources: Resources
) -> None:
    await emails.conn.execute(
        "insert into email_queue (to_email, subject, text) select n || '@example.org', 's', 't' "
        "from generate_series(1, 1000) n"
    )

    class AtOnce(Recorder):
        async def send(self, row: Claimed) -> Fate:
            self.sent.append(row.id)
            return Done()

    before, sender = resources.db.round_trips, AtOnce()
    await drain(run_of(resources), EMAILS, sender, until_empty=True)
    assert len(sender.sent) == 1000
    assert resources.db.round_trips - before <= 24


async def test_a_run_never_holds_more_than_three_claims(emails: Desk, resources: Resources) -> None:
    for _ in range(40):
        await emails.add()
    held: list[int] = []

    class Counting(Recorder):
        async def send(self, row: Claimed) -> Fate:
            counted = await emails.one("select count(*) as n from email_queue where status = 'processing'")
            held.append(counted["n"])
            return await super().send(row)

    await drain(run_of(resources), EMAILS, Counting(), claim=5, until_empty=True)
    assert len(held) == 40
    assert max(held) <= 15
