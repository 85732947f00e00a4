"""Events that failed are processed again, and events that were forgotten are found."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.process_webhook_retries.main import process_webhook_retries
from functions.process_webhook_retries.reprocess import Reprocess
from infra.local.program import free_port
from shared import table
from shared.errors import UnprocessableError
from shared.outcome import Dead, Done, Down, Retry, Snooze
from shared.providers.stripe import read
from shared.queue import WebhookRetry
from shared.resources import Resources
from shared.stripe.intake import Intake
from tests import nightshift
from tests.nightshift import Connection, content
from tests.payments import Event, Purchase, balance, count, deliver, event, one


async def pass_over(resources: Resources) -> dict[str, object]:
    """One run of the task."""
    answer = await nightshift.post(process_webhook_retries, resources)
    assert answer.status == 200, answer.body
    return dict(content(answer))


async def make_due(conn: Connection) -> None:
    await conn.execute("update webhook_retry_queue set next_retry_at = now() where status = 'pending'")


async def queued(conn: Connection) -> dict[str, object]:
    return await one(conn, "select * from webhook_retry_queue")


def row(found: Event, webhook_type: str = "stripe") -> WebhookRetry:
    return WebhookRetry(
        id=uuid4(),
        possible_duplicate=False,
        webhook_type=webhook_type,
        webhook_event_id=found.get("id", "evt_unknown"),
        payload=json.dumps(found),
        attempts=0,
    )


def test_it_runs_every_five_minutes() -> None:
    [schedule] = table.lookup("process-webhook-retries").schedules
    first = schedule.next_fire(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert (first.minute, schedule.next_fire(first).minute) == (5, 10)


async def test_a_handler_that_fails_twice_and_then_works_credits_once(conn: Connection, resources: Resources) -> None:
    buyer = uuid4()
    assert await deliver(resources, Purchase(buyer).checkout()) == ["queued"]
    await make_due(conn)
    assert (await pass_over(resources))["failed"] == 1
    await conn.execute("insert into users (id) values (%s)", [buyer])
    await make_due(conn)
    assert (await pass_over(resources))["processed"] == 1
    assert await balance(conn, buyer) == 100
    done = await queued(conn)
    assert (done["status"], done["attempts"]) == ("processed", 2)
    assert (await one(conn, "select status from webhook_events"))["status"] == "processed"
    assert await count(conn, "email_queue") == 1


async def test_a_checkout_of_an_unknown_user_becomes_a_dead_letter_at_last(
    conn: Connection, resources: Resources
) -> None:
    await deliver(resources, Purchase(uuid4()).checkout())
    for _ in range(5):
        await make_due(conn)
        await pass_over(resources)
    dead = await queued(conn)
    assert (dead["status"], dead["last_error"]) == ("dead_letter", "the user that it names does not exist")
    assert [attempt["fate"] for attempt in dead["history"]] == ["retry"] * 5  # type: ignore[attr-defined]


async def test_data_that_can_never_work_is_dead_at_once(conn: Connection, resources: Resources, user_id: UUID) -> None:
    await deliver(resources, Purchase(user_id).checkout(metadata={"essence": "much"}))
    await make_due(conn)
    await pass_over(resources)
    dead = await queued(conn)
    assert dead["status"] == "dead_letter"
    assert dead["last_error"] == "checkout.session.completed: cannot read metadata.essence"


async def test_a_dead_letter_that_is_requeued_is_processed(conn: Connection, resources: Resources) -> None:
    buyer = uuid4()
    await deliver(resources, Purchase(buyer).checkout())
    await conn.execute("select nightshift.bury_webhook_retry_queue(array(select id from webhook_retry_queue), 'test')")
    await conn.execute("insert into users (id) values (%s)", [buyer])
    await conn.execute(
        "select nightshift.requeue_webhook_retry_queue(array(select id from webhook_retry_queue), 'test')"
    )
    await pass_over(resources)
    assert await balance(conn, buyer) == 100


async def test_an_event_whose_process_died_between_record_and_effects_is_found_after_a_minute(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    raw = json.dumps(paid)
    await Intake(resources.db).record(read(raw.encode()), raw)
    await pass_over(resources)
    assert await count(conn, "webhook_retry_queue") == 0
    await conn.execute("update webhook_events set received_at = now() - interval '61 seconds'")
    report = await pass_over(resources)
    assert (report["processed"], report["detail"]) == (1, {"adopted": 1})
    assert await balance(conn, user_id) == 100


async def test_an_event_that_is_being_processed_is_not_taken_for_forgotten(
    conn: Connection, resources: Resources, database_url: str
) -> None:
    raw = json.dumps(event("invoice.paid"))
    await Intake(resources.db).record(read(raw.encode()), raw)
    await conn.execute("update webhook_events set received_at = now() - interval '1 hour'")
    async with await psycopg.AsyncConnection.connect(database_url) as busy:
        await busy.execute("select from webhook_events for update")
        assert await Intake(resources.db).adopt() == 0


async def test_an_idle_pass_takes_two_round_trips_and_writes_nothing(conn: Connection, resources: Resources) -> None:
    await deliver(resources, event("invoice.paid"))
    before = resources.db.round_trips
    await pass_over(resources)
    assert resources.db.round_trips - before <= 2
    assert await count(conn, "job_history") == 0


async def test_an_event_that_another_program_put_into_the_queue_is_recorded_and_processed(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    await conn.execute(
        "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) values ('stripe', %s, %s::jsonb)",
        [paid["id"], json.dumps(paid)],
    )
    await pass_over(resources)
    assert await balance(conn, user_id) == 100
    assert (await one(conn, "select status from webhook_events"))["status"] == "processed"


async def test_an_event_that_was_processed_meanwhile_is_done_without_a_second_look(
    conn: Connection, resources: Resources
) -> None:
    paid = event("invoice.paid")
    await deliver(resources, paid)
    waiting = row(paid)
    assert await Reprocess(Intake(resources.db)).screen([waiting]) == {waiting.id: Done()}


async def test_webhooks_of_another_sender_have_no_handler(resources: Resources) -> None:
    waiting = row(event("invoice.paid"), "paypal")
    known = await Reprocess(Intake(resources.db)).screen([waiting])
    assert known == {waiting.id: Dead("webhooks of this type have no handler")}


async def test_a_payload_that_is_no_event_is_dead(resources: Resources) -> None:
    assert await Reprocess(Intake(resources.db)).send(row({})) == Dead("The body is not a Stripe event.")


async def test_an_event_that_another_call_is_at_comes_back_later(conn: Connection, resources: Resources) -> None:
    found = event("invoice.paid")
    await Intake(resources.db).record(read(json.dumps(found).encode()), json.dumps(found))
    await conn.execute("begin")
    await conn.execute("select from webhook_events for update")
    fate = await Reprocess(Intake(resources.db)).send(row(found))
    assert isinstance(fate, Snooze)
    assert fate.why == "another call is processing it"
    await conn.execute("rollback")


async def test_a_database_that_is_gone_counts_against_no_event() -> None:
    gone = Resources(nightshift.settings(f"postgresql://postgres@127.0.0.1:{free_port()}/gone", db_timeout="200ms"))
    assert isinstance(await Reprocess(Intake(gone.db)).send(row(event("invoice.paid"))), Down)
    await gone.close()


@pytest.mark.parametrize("cause", ["database", "template"])
async def test_a_failure_names_its_kind_and_never_the_data(
    conn: Connection, resources: Resources, user_id: UUID, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    found = Purchase(user_id).checkout()
    if cause == "database":
        await conn.execute("alter table orders add check (email <> 'anna@example.org')")
    else:
        monkeypatch.setattr("shared.stripe.mails.item", _unrenderable)
    fate = await Reprocess(Intake(resources.db)).send(row(found))
    assert isinstance(fate, Retry)
    assert "anna" not in fate.why


def _unrenderable(_: int) -> str:
    raise UnprocessableError("The template cannot be filled with these values.")
