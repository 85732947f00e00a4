"""The pipeline of a queue task: claims, screens, reserves, sends side by side, settles (spec, sections 2 and 3)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from shared.limits import Permit
from shared.outcome import Done, Down, Fate, Skip, Snooze
from shared.queue import EMAILS, REPLIES, Email, Reply, drain
from shared.queue.drain import Drain
from shared.queue.tables import Claimed
from shared.resources import Resources
from tests import nightshift
from tests.integration.queue.desk import Desk
from tests.integration.queue.pipeline import InStep, Recorder, run_of
from tests.nightshift import Connection

ROWS = 1_000


async def test_a_pass_sends_what_is_due_and_says_how_many(emails: Desk, resources: Resources) -> None:
    rows = [await emails.add() for _ in range(3)]
    run, sender = run_of(resources), Recorder()
    await drain(run, EMAILS, sender)
    assert sorted(sender.sent) == sorted(rows)
    assert (run.processed, run.failed) == (3, 0)
    assert set(await emails.status(*rows)) == {"sent"}


async def test_a_typed_row_carries_what_was_put_in(conn: Connection, emails: Desk, resources: Resources) -> None:
    seen: list[Claimed] = []

    def keep(row: Claimed) -> Fate:
        seen.append(row)
        return Done()

    await emails.add(key="k-1")
    await nightshift.reply(conn, 7, "good morning")
    await drain(run_of(resources), EMAILS, Recorder(keep))
    await drain(run_of(resources), REPLIES, Recorder(keep))
    email, reply = seen
    assert isinstance(email, Email)
    assert (email.to_email, email.subject, email.headers, email.idempotency_key) == (
        "user1@example.org",
        "s",
        {},
        "k-1",
    )
    assert isinstance(reply, Reply)
    assert (reply.telegram_chat_id, reply.response_text, reply.parts_sent) == (7, "good morning", 0)


async def test_sends_run_side_by_side_up_to_the_claim(emails: Desk, resources: Resources) -> None:
    for _ in range(30):
        await emails.add()
    sender = InStep(10)
    await drain(run_of(resources), EMAILS, sender, claim=10, until_empty=True)
    assert (len(sender.sent), sender.most) == (30, 10)


async def test_a_slow_send_does_not_hold_up_the_others(emails: Desk, resources: Resources) -> None:
    rows = [await emails.add(due=-60 + number) for number in range(12)]
    others_are_out = asyncio.Event()

    class OneSlow(Recorder):
        async def send(self, row: Claimed) -> Fate:
            if row.id == rows[0]:
                await others_are_out.wait()
            fate = await super().send(row)
            if len(self.sent) == len(rows) - 1:
                others_are_out.set()
            return fate

    sender = OneSlow()
    await drain(run_of(resources), EMAILS, sender, claim=4, until_empty=True)
    assert sender.sent[-1] == rows[0]
    assert set(await emails.status(*rows)) == {"sent"}


@pytest.mark.parametrize("claim", [1, 2, 7, 50])
async def test_until_empty_leaves_nothing(emails: Desk, resources: Resources, claim: int) -> None:
    rows = [await emails.add() for _ in range(23)]
    sender = Recorder()
    await drain(run_of(resources), EMAILS, sender, claim=claim, until_empty=True)
    assert sorted(sender.sent) == sorted(rows)


async def test_what_is_known_before_is_not_sent(emails: Desk, resources: Resources) -> None:
    skipped, sent = await emails.add(), await emails.add()
    sender = Recorder()
    sender.known = {skipped: Skip("on the suppression list")}
    await drain(run_of(resources), EMAILS, sender)
    assert sender.sent == [sent]
    assert await emails.status(skipped) == ["suppressed"]


async def test_a_row_whose_permit_is_far_away_goes_back_with_the_exact_time(emails: Desk, resources: Resources) -> None:
    rows = [await emails.add(due=due) for due in (-2, -1)]
    sender = Recorder()
    sender.limits = [Permit("provider", 1, 100.0)]
    run = run_of(resources)
    await drain(run, EMAILS, sender)
    waiting = await emails.row(rows[1])
    assert sender.sent == [rows[0]]
    assert (waiting["status"], waiting["attempts"], waiting["waits_for"]) == ("pending", 0, "rate limit")
    assert timedelta(seconds=99) < waiting["wake_at"] - emails.now < timedelta(seconds=110)
    assert (run.processed, run.failed) == (1, 0)


async def test_permits_go_to_those_that_have_waited_longest(emails: Desk, resources: Resources) -> None:
    rows = {due: await emails.add(due=due) for due in (-5, -50, -20, -40, -30)}
    sender = Recorder()
    sender.limits = [Permit("provider", 3, 100.0)]
    await drain(run_of(resources), EMAILS, sender)
    assert sender.sent == [rows[-50], rows[-40], rows[-30]]


async def test_a_permit_that_is_near_is_waited_for(emails: Desk, resources: Resources) -> None:
    rows = [await emails.add() for _ in range(3)]
    sender = Recorder()
    sender.limits = [Permit("provider", 1, 0.05)]
    await drain(run_of(resources), EMAILS, sender)
    assert sorted(sender.sent) == sorted(rows)


async def test_a_fault_of_ours_costs_the_row_an_attempt_and_the_others_nothing(
    emails: Desk, resources: Resources
) -> None:
    good, bad = await emails.add(), await emails.add()

    def fail_one(row: Claimed) -> Fate:
        if row.id == bad:
            raise ZeroDivisionError
        return Done()

    run = run_of(resources)
    await drain(run, EMAILS, Recorder(fail_one))
    after = await emails.row(bad)
    assert await emails.status(good) == ["sent"]
    assert (after["attempts"], after["last_error"]) == (1, "unexpected ZeroDivisionError")
    assert (run.processed, run.failed) == (1, 1)


async def test_a_broken_channel_stops_the_claiming_and_gives_back_what_waits(
    emails: Desk, resources: Resources
) -> None:
    rows = [await emails.add() for _ in range(40)]
    sender = Recorder(lambda _: Down("503"))
    sender.limits = [Permit("provider", 5, 0.3)]
    await drain(run_of(resources), EMAILS, sender, claim=20)
    assert len(sender.sent) < len(rows)
    assert set(await emails.status(*rows)) == {"pending"}
    assert {await emails.attempts(row) for row in rows} == {0}


async def test_a_throttle_of_the_whole_channel_holds_everybody(emails: Desk, resources: Resources) -> None:
    rows = [await emails.add(due=due) for due in (-2, -1)]
    until = datetime.now(UTC) + timedelta(seconds=100)
    sender = Recorder(lambda _: Snooze(until, "asked to wait", whole_channel=True))
    sender.limits = [Permit("provider", 10, 1.0)]
    await drain(run_of(resources), EMAILS, sender, claim=1)
    await drain(run_of(resources), EMAILS, sender, claim=1)
    assert sender.sent == [rows[0]]
    assert (await emails.row(rows[1]))["waits_for"] == "rate limit"


@pytest.mark.parametrize("chats", [ROWS, 20], ids=["each its own chat", "twenty chats"])
async def test_two_workers_side_by_side_send_a_thousand_rows_exactly_once(
    conn: Connection, database_url: str, chats: int
) -> None:
    owner = await nightshift.user(conn)
    await conn.execute(
        "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at) "
        "select %s, 1 + n %% %s, n::text, now() - make_interval(secs => 2000 - n) from generate_series(1, %s) n",
        [owner, chats, ROWS],
    )
    sent: list[tuple[int, int]] = []

    class Chats(Recorder):
        async def send(self, row: Claimed) -> Fate:
            assert isinstance(row, Reply)
            sent.append((row.telegram_chat_id, int(row.response_text)))
            return await super().send(row)

    async def work() -> None:
        resources = Resources(nightshift.settings(database_url))
        run = run_of(resources)
        left = 1
        while left:
            await drain(run, REPLIES, Chats(), until_empty=True)
            cursor = await conn.execute(
                "select count(*) as n from pending_responses where status in ('pending', 'processing')"
            )
            left = (await cursor.fetchone() or {})["n"]
        await resources.close()

    await asyncio.gather(work(), work())
    assert Counter(number for _, number in sent) == Counter(range(1, ROWS + 1))
    for chat in range(1, chats + 1):
        numbers = [number for where, number in sent if where == chat]
        assert numbers == sorted(numbers)


async def test_sends_are_under_way_as_many_as_the_provider_takes(emails: Desk, resources: Resources) -> None:
    for _ in range(9):
        await emails.add()
    sender = InStep(3)
    await drain(run_of(resources), EMAILS, sender, at_once=3)
    assert (len(sender.sent), sender.most) == (9, 3)


async def test_where_the_whole_providers_limit_binds_nothing_is_claimed_for_nothing(
    emails: Desk, resources: Resources
) -> None:
    for _ in range(20):
        await emails.add()
    sender = Recorder()
    sender.limits = [Permit("all", 3, 60.0)]
    work = Drain(run_of(resources), EMAILS, sender, 5)
    while await work.turn(0.3, until_empty=False):
        pass
    await work.finish()
    untouched = await emails.conn.execute("select count(*) as n from email_queue where next_retry_at is null")
    assert len(sender.sent) == 3
    assert (await untouched.fetchone() or {})["n"] >= 15
