"""Mails that follow from a payment: in the queue with the event's own statement, as the templates would make them."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.providers.stripe import read
from shared.resources import Resources
from shared.stripe.intake import Intake
from tests.nightshift import Connection, content
from tests.payments import Event, Purchase, count, deliver, event, one, send

NAMES = ["Anna", "", None, "Zoë {order_id}", "Bob {name}", "O'Brien & <b>Söhne</b>", "a\n\n\n\nb", "back\\1slash \\n"]


@pytest.fixture
def bought(user_id: UUID) -> Purchase:
    return Purchase(user_id, order_id=uuid4())


async def round_trips(resources: Resources, *events: Event) -> int:
    """What these events take when they arrive at once, on a connection that is there."""
    await resources.db.rows(b"select 1")
    before = resources.db.round_trips
    answers = await asyncio.gather(*(send(resources, json.dumps(each, default=str).encode()) for each in events))
    assert {content(answer)["status"] for answer in answers} == {"processed"}
    return resources.db.round_trips - before


async def mails(conn: Connection) -> list[dict[str, Any]]:
    told = "select to_email, subject, html, text, email_type, idempotency_key, headers, metadata from email_queue"
    return [dict(row) for row in await (await conn.execute(f"{told} order by idempotency_key".encode())).fetchall()]


async def rendered(conn: Connection, resources: Resources, found: Event) -> list[dict[str, Any]]:
    """The mails of an event that is applied after it was kept: the templates make them of the rows."""
    await conn.execute("truncate webhook_events, stripe_payments, orders, essence_transactions, email_queue cascade")
    raw = json.dumps(found, default=str)
    await Intake(resources.db).record(read(raw.encode()), raw)
    assert await Intake(resources.db).apply(read(raw.encode())) == "processed"
    return await mails(conn)


async def test_a_purchase_takes_one_round_trip_with_its_receipt(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    assert await round_trips(resources, bought.checkout()) == 1
    assert await count(conn, "email_queue") == 1


async def test_a_crowd_of_purchases_shares_its_round_trips_and_each_gets_its_receipt(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    purchases = [Purchase(user_id, essence=100 * n, amount=500 * n, order_id=uuid4()) for n in range(1, 11)]
    assert await round_trips(resources, *(each.checkout() for each in purchases)) <= 3
    keys = {mail["idempotency_key"]: mail["text"] for mail in await mails(conn)}
    assert len(keys) == len(purchases)
    for each in purchases:
        text = keys[f"receipt:{each.order_id}"]
        assert f"{each.essence} essence" in text
        assert f"{each.amount / 100:.2f} USD" in text


@pytest.mark.parametrize("name", NAMES)
async def test_a_receipt_is_what_the_templates_make_whatever_the_buyer_is_called(
    conn: Connection, resources: Resources, bought: Purchase, name: str | None
) -> None:
    await conn.execute("update users set display_name = %s, username = null", [name])
    await deliver(resources, bought.checkout())
    ahead = await mails(conn)
    assert ahead == await rendered(conn, resources, bought.checkout())
    assert len(ahead) == 1


async def test_a_failed_payment_is_told_in_one_round_trip(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(payment_status="unpaid"))
    assert await round_trips(resources, bought.checkout("async_payment_failed", at=60)) == 1
    assert [mail["email_type"] for mail in await mails(conn)] == ["payment_failed"]


@pytest.mark.parametrize("name", [*NAMES, "{name} {order_id}"])
async def test_an_unpaid_invoice_is_told_in_one_round_trip_in_the_customers_own_words(
    conn: Connection, resources: Resources, name: str | None
) -> None:
    unpaid = event("invoice.payment_failed", subscription="sub_1", customer_email="a@example.org", customer_name=name)
    assert await round_trips(resources, unpaid) == 1
    ahead = await mails(conn)
    await conn.execute("truncate subscriptions")
    assert ahead == await rendered(conn, resources, unpaid)
    assert len(ahead) == 1


async def test_an_order_that_the_product_made_with_another_content_gets_a_receipt_for_that(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    made = "insert into orders (id, user_id, essence) values (%s, %s, 7)"
    await conn.execute(made, [bought.order_id, bought.user_id])
    await round_trips(resources, bought.checkout())
    assert "7 essence" in (await one(conn, "select text from email_queue"))["text"]


async def test_an_order_without_an_address_is_paid_without_a_receipt_until_one_is_known(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    assert await round_trips(resources, bought.checkout(customer_details=None, customer_email=None)) == 1
    assert await count(conn, "email_queue") == 0
    await deliver(resources, bought.checkout("async_payment_succeeded", at=60))
    assert await count(conn, "email_queue") == 1


async def test_a_key_that_is_taken_is_left_as_it_is_and_the_others_of_the_crowd_are_not_held_up(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    own = "insert into email_queue (to_email, subject, text, idempotency_key) values ('b@example.org', 's', 't', %s)"
    await conn.execute(own, [f"receipt:{bought.order_id}"])
    others = [Purchase(bought.user_id).checkout() for _ in range(3)]
    await round_trips(resources, others[0], others[1], bought.checkout(), others[2])
    assert await count(conn, "email_queue where subject = 's'") == 1
    assert await count(conn, "email_queue") == 4
    assert await count(conn, "orders where receipted") == 4


async def test_a_receipt_that_is_in_the_queue_already_goes_into_it_no_second_time(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout())
    await conn.execute("update orders set receipted = false")
    await deliver(resources, bought.checkout("async_payment_succeeded", at=60))
    assert await count(conn, "email_queue") == 1
