"""What a drain counts for Prometheus: once a statement, whatever the number of rows (spec, section 10)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared import counters
from shared.counters import DEAD_LETTERS, DELIVERIES, LEASES_LOST, LIMITER_WAITED, LIMITER_WAITS, POSSIBLE_DUPLICATES
from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Fate, Retry, Skip, Snooze, Unknown
from shared.queue import EMAILS, drain
from shared.queue.drain import Drain
from shared.resources import Resources
from shared.task import Run
from tests.integration.queue.desk import SPENT, Desk
from tests.integration.queue.pipeline import Recorder, run_of

LATER = datetime.now(UTC) + timedelta(hours=1)
FATES: dict[str, Fate] = {
    "done": Done(),
    "skipped": Skip("on the suppression list"),
    "retried": Retry("busy"),
    "throttled": Snooze(LATER, "429"),
    "down": Down("503"),
    "unknown": Unknown("no answer"),
    "dead": Dead("no such chat"),
}


def counted(run: Run, name: str, **labels: str) -> float:
    return run.resources.counters.sums.get((name, (("queue", "email_queue"), *labels.items())), 0)


@pytest.mark.parametrize("fate", FATES)
async def test_each_send_is_counted_by_its_fate(emails: Desk, resources: Resources, fate: str) -> None:
    await emails.add()
    await emails.add()
    run = run_of(resources)
    await drain(run, EMAILS, Recorder(lambda _: FATES[fate]))
    sends = {dict(labels)["fate"]: n for (name, labels), n in resources.counters.sums.items() if name == DELIVERIES}
    assert sends == {fate: 2}
    assert counted(run, DEAD_LETTERS) == (2 if fate == "dead" else 0)


async def test_a_failure_for_which_no_attempt_is_left_is_a_dead_letter(emails: Desk, resources: Resources) -> None:
    row = await emails.add()
    await emails.change(row, attempts=SPENT["email_queue"])
    run = run_of(resources)
    await drain(run, EMAILS, Recorder(lambda _: Retry("busy")))
    assert (counted(run, DELIVERIES, fate="retried"), counted(run, DEAD_LETTERS)) == (1, 1)


async def test_a_send_of_a_row_that_may_have_gone_out_is_counted_as_one(emails: Desk, resources: Resources) -> None:
    await emails.change(await emails.add(), possible_duplicate=True)
    await emails.add()
    run = run_of(resources)
    await drain(run, EMAILS, Recorder())
    assert (counted(run, POSSIBLE_DUPLICATES), counted(run, DELIVERIES, fate="done")) == (1, 2)


async def test_a_lease_that_was_lost_is_counted(emails: Desk, resources: Resources) -> None:
    row = await emails.add()
    run, sender = run_of(resources), Recorder()
    work = Drain(run, EMAILS, sender, 50)
    while not sender.sent:
        await work.turn(0.0, until_empty=False)
    await emails.change(row, locked_by=uuid4())
    await work.finish()
    assert (counted(run, LEASES_LOST), counted(run, DELIVERIES, fate="done")) == (1, 1)


async def test_rows_that_the_limiter_made_wait_are_counted_with_their_seconds(
    emails: Desk, resources: Resources
) -> None:
    for _ in range(3):
        await emails.add()
    run, sender = run_of(resources), Recorder()
    sender.limits = [Permit("one-a-minute", 1, 60.0)]
    await drain(run, EMAILS, sender)
    assert counted(run, LIMITER_WAITS) == 2
    assert 100 < counted(run, LIMITER_WAITED) <= 2 * 60.0


async def test_a_long_run_writes_what_it_counted_before_its_end(
    emails: Desk, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "EVERY", 0.0)
    await emails.add()
    await drain(run_of(resources), EMAILS, Recorder())
    found: dict[str, Any] = await one(emails, "select * from metric_counters where name = %s", DELIVERIES)
    assert (found["value"], found["labels"]) == (1, {"queue": "email_queue", "fate": "done"})


async def test_a_drain_that_finds_nothing_counts_nothing(emails: Desk, resources: Resources) -> None:
    await drain(run_of(resources), EMAILS, Recorder())
    assert resources.counters.sums == {}


async def test_each_opening_of_the_breaker_is_counted_once(emails: Desk, resources: Resources) -> None:
    for _ in range(12):
        await emails.add()
    await drain(run_of(resources), EMAILS, Recorder(lambda _: Down("503")), claim=6, until_empty=True)
    assert (await one(emails, "select openings from queues where name = %s", "email_queue"))["openings"] == 1


async def one(desk: Desk, statement: Any, *values: str) -> dict[str, Any]:
    cursor = await desk.conn.execute(statement, values)
    return await cursor.fetchone() or {}
