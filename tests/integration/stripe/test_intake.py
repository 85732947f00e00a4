"""How little an event costs: what goes to the database, and how often."""

from uuid import UUID

from shared.resources import Resources
from tests.nightshift import Connection
from tests.payments import Purchase, count, deliver, event, one


async def round_trips(resources: Resources, *events: dict[str, object]) -> int:
    """What these events take, on a connection that is there."""
    await resources.db.rows(b"select 1")
    before = resources.db.round_trips
    await deliver(resources, *events)
    return resources.db.round_trips - before


async def test_an_event_is_kept_and_processed_in_one_round_trip(conn: Connection, resources: Resources) -> None:
    assert await round_trips(resources, event("invoice.paid")) == 1
    assert (await one(conn, "select status from webhook_events"))["status"] == "processed"


async def test_an_event_that_has_no_effect_takes_one_round_trip(conn: Connection, resources: Resources) -> None:
    assert await round_trips(resources, {**event("invoice.paid"), "type": "invoice.created"}) == 1
    assert (await one(conn, "select status from webhook_events"))["status"] == "ignored"


async def test_a_duplicate_takes_one_round_trip(conn: Connection, resources: Resources) -> None:
    paid = event("invoice.paid")
    await deliver(resources, paid)
    assert await round_trips(resources, paid) == 1


async def test_a_purchase_and_its_receipt_are_one_transaction(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    assert await round_trips(resources, Purchase(user_id).checkout()) <= 5
    began = "select e.processed_at = m.created_at and e.processed_at = o.created_at as one"
    told = await one(conn, f"{began} from webhook_events e, email_queue m, orders o")
    assert told["one"]


async def test_a_mail_that_nobody_expected_is_queued_with_the_effects_that_it_follows_from(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    bought = Purchase(user_id)
    await deliver(resources, bought.checkout(payment_status="unpaid"))
    assert await deliver(resources, bought.paid()) == ["processed"]
    assert await count(conn, "email_queue") == 1
    assert await count(conn, "webhook_events where status = 'processed'") == 2
