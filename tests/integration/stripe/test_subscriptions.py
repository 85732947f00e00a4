"""Subscriptions are mirrored as their latest event shows them, whatever order the events come in."""

from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.local.twins.stripe_objects import new_id
from shared.resources import Resources
from tests.nightshift import Connection
from tests.payments import Event, Purchase, count, deliver, event, one

SUB = "sub_1"


def subscription(word: str, *, at: int, event_id: str | None = None, **fields: Any) -> Event:
    return event(f"customer.subscription.{word}", at=at, event_id=event_id, id=SUB, customer="cus_1", **fields)


def invoice(word: str, *, at: int, created: int = 1_000, **fields: Any) -> Event:
    return event(f"invoice.{word}", at=at, subscription=SUB, customer="cus_1", created=created, **fields)


async def mirrored(conn: Connection) -> dict[str, Any]:
    return await one(conn, "select * from subscriptions")


async def test_a_subscription_is_mirrored(conn: Connection, resources: Resources, user_id: UUID) -> None:
    made = subscription("created", at=0, user_id=user_id, status="trialing")
    await deliver(resources, made)
    found, shown = await mirrored(conn), made["data"]["object"]
    assert (found["user_id"], found["status"], found["stripe_customer_id"]) == (user_id, "trialing", "cus_1")
    assert found["current_period_end"].timestamp() == shown["current_period_end"]
    assert found["price_id"] == shown["items"]["data"][0]["price"]["id"]
    assert found["cancel_at_period_end"] is False


async def test_in_any_order_the_latest_event_wins(conn: Connection, resources: Resources) -> None:
    words = [("created", 0, "incomplete"), ("updated", 1, "active"), ("updated", 2, "past_due")]
    for number, order in enumerate(permutations(words)):
        await conn.execute("delete from subscriptions")
        await deliver(resources, *[subscription(word, at=at, status=status) for word, at, status in order])
        assert (await mirrored(conn))["status"] == "past_due", number


async def test_within_one_second_an_update_beats_a_creation_and_then_the_events_ids_decide(
    conn: Connection, resources: Resources
) -> None:
    events = [
        subscription("updated", at=0, event_id=f"evt_b{new_id('x')}", status="active"),
        subscription("updated", at=0, event_id=f"evt_a{new_id('x')}", status="past_due"),
        subscription("created", at=0, event_id=f"evt_c{new_id('x')}", status="incomplete"),
    ]
    for order in permutations(events):
        await conn.execute("delete from subscriptions")
        await conn.execute("delete from webhook_events")
        await deliver(resources, *order)
        assert (await mirrored(conn))["status"] == "active"


async def test_deleted_is_final(conn: Connection, resources: Resources) -> None:
    gone = subscription("deleted", at=5)
    await deliver(resources, gone, subscription("updated", at=9, status="active"), subscription("created", at=0))
    found = await mirrored(conn)
    assert found["status"] == "canceled"
    assert found["canceled_at"].timestamp() == gone["data"]["object"]["canceled_at"]


async def test_a_checkout_tells_whose_a_subscription_is(conn: Connection, resources: Resources, user_id: UUID) -> None:
    bought = Purchase(user_id, essence=0).checkout(mode="subscription", subscription=SUB, customer="cus_1")
    await deliver(resources, bought)
    assert (await mirrored(conn))["status"] is None
    await deliver(resources, subscription("created", at=0, status="active"))
    found = await mirrored(conn)
    assert (found["user_id"], found["status"]) == (user_id, "active")


async def test_a_subscription_of_nobody_we_know_is_mirrored_all_the_same(
    conn: Connection, resources: Resources
) -> None:
    assert await deliver(resources, subscription("created", at=0, user_id=uuid4())) == ["processed"]
    assert (await mirrored(conn))["user_id"] is None


async def test_of_one_invoice_paid_is_final_and_a_later_invoice_beats_it(
    conn: Connection, resources: Resources
) -> None:
    failed, paid = invoice("payment_failed", at=1, id="in_1"), invoice("paid", at=2, id="in_1")
    for order in permutations([failed, paid]):
        await conn.execute("delete from webhook_events")
        await deliver(resources, *order)
        assert (await mirrored(conn))["latest_invoice_status"] == "paid"
    await deliver(resources, invoice("payment_failed", at=9, created=2_000, id="in_2"))
    found = await mirrored(conn)
    assert (found["latest_invoice_id"], found["latest_invoice_status"]) == ("in_2", "payment_failed")
    await deliver(resources, invoice("paid", at=10, created=1_000, id="in_1"))
    assert (await mirrored(conn))["latest_invoice_id"] == "in_2"


async def test_a_failed_invoice_is_told_to_its_payer_once(conn: Connection, resources: Resources) -> None:
    tries = [invoice("payment_failed", at=at, id="in_1", status="open") for at in (1, 2, 3)]
    await deliver(resources, *tries)
    mail = await one(conn, "select * from email_queue")
    assert (mail["email_type"], mail["idempotency_key"]) == ("payment_failed", "payment-failed:in_1")
    assert "9.99 USD" in mail["subject"]
    assert tries[0]["data"]["object"]["hosted_invoice_url"] in mail["text"]


async def test_a_failure_that_was_paid_meanwhile_is_told_to_nobody(conn: Connection, resources: Resources) -> None:
    await deliver(resources, invoice("paid", at=2, id="in_1"), invoice("payment_failed", at=1, id="in_1"))
    assert await count(conn, "email_queue") == 0


@pytest.mark.parametrize(("email", "url"), [(None, None), ("anna@example.org", "javascript:alert(1)")])
async def test_a_failed_invoice_without_address_or_link_is_no_failure(
    conn: Connection, resources: Resources, email: str | None, url: str | None
) -> None:
    failed = invoice("payment_failed", at=1, customer_email=email, hosted_invoice_url=url)
    assert await deliver(resources, failed) == ["processed"]
    assert await count(conn, "email_queue") == (email is not None)
