"""What each event does to an order, its essence and its mails."""

from uuid import UUID, uuid4

import pytest

from shared.resources import Resources
from tests.nightshift import Connection
from tests.payments import Purchase, balance, count, deliver, event, one, order


@pytest.fixture
def bought(user_id: UUID) -> Purchase:
    return Purchase(user_id)


async def test_a_completed_checkout_pays_the_order_credits_its_essence_and_queues_the_receipt(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    assert await deliver(resources, bought.checkout()) == ["processed"]
    made = await order(conn)
    assert (made["status"], made["essence_credited"], made["email"]) == ("paid", 100, "anna@example.org")
    assert (made["amount_total"], made["currency"]) == (500, "usd")
    assert await balance(conn, bought.user_id) == 100
    mail = await one(conn, "select * from email_queue")
    assert (mail["to_email"], mail["email_type"]) == ("anna@example.org", "purchase_confirmation")
    assert mail["idempotency_key"] == f"receipt:{made['id']}"
    assert "5.00 USD" in mail["text"]
    record = await one(conn, "select * from webhook_events")
    assert (record["status"], record["object_id"]) == ("processed", bought.session)


async def test_the_user_may_be_named_in_the_metadata(conn: Connection, resources: Resources, bought: Purchase) -> None:
    await deliver(resources, bought.checkout(client_reference_id=None))
    assert (await order(conn))["user_id"] == bought.user_id


async def test_a_checkout_whose_money_is_on_its_way_leaves_the_order_pending(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(payment_status="unpaid"))
    assert (await order(conn))["status"] == "pending"
    assert await count(conn, "essence_transactions") == await count(conn, "email_queue") == 0


async def test_the_money_that_arrives_later_pays_the_order(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(
        resources,
        bought.checkout(payment_status="unpaid"),
        bought.checkout("async_payment_succeeded", at=60),
    )
    assert (await order(conn))["status"] == "paid"
    assert await balance(conn, bought.user_id) == 100
    assert await count(conn, "email_queue") == 1


async def test_money_that_never_arrives_fails_the_order_and_says_so(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(
        resources,
        bought.checkout(payment_status="unpaid"),
        bought.checkout("async_payment_failed", at=60),
    )
    made = await order(conn)
    assert made["status"] == "failed"
    mail = await one(conn, "select * from email_queue")
    assert (mail["email_type"], mail["idempotency_key"]) == ("payment_failed", f"payment-failed:{made['id']}")


async def test_an_expired_checkout_expires_the_order(conn: Connection, resources: Resources, bought: Purchase) -> None:
    await deliver(resources, bought.checkout("expired"))
    assert (await order(conn))["status"] == "expired"


async def test_a_late_expiry_or_decline_never_undoes_a_payment(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(), bought.checkout("expired", at=99), bought.declined(at=98))
    assert (await order(conn))["status"] == "paid"
    assert (await order(conn))["email"] == "anna@example.org"


async def test_a_declined_card_fails_the_order_until_another_one_pays(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(payment_status="unpaid"), bought.declined(at=11))
    assert (await order(conn))["status"] == "failed"
    await deliver(resources, bought.paid(at=12))
    assert (await order(conn))["status"] == "paid"
    assert await balance(conn, bought.user_id) == 100


async def test_a_payment_that_came_before_its_checkout_is_remembered(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    assert await deliver(resources, bought.paid()) == ["processed"]
    assert await count(conn, "orders") == 0
    await deliver(resources, bought.checkout(payment_status="unpaid"))
    assert (await order(conn))["status"] == "paid"


async def test_payments_of_others_are_noted_and_acknowledged(conn: Connection, resources: Resources) -> None:
    kinds = ["payment_intent.succeeded", "payment_intent.payment_failed", "charge.refunded", "charge.dispute.created"]
    assert await deliver(resources, *[event(kind) for kind in kinds]) == ["processed"] * 4
    assert await count(conn, "stripe_payments") == 4
    assert await count(conn, "webhook_retry_queue") == await count(conn, "orders") == 0


async def test_a_refund_takes_the_essence_back(conn: Connection, resources: Resources, bought: Purchase) -> None:
    await deliver(resources, bought.checkout(), bought.refunded())
    made = await order(conn)
    assert (made["status"], made["essence_taken"], made["essence_owed"]) == ("refunded", 100, 0)
    assert await balance(conn, bought.user_id) == 0
    assert (await one(conn, "select sum(amount) as sum from essence_transactions"))["sum"] == 0


async def test_partial_refunds_take_back_their_part_by_the_whole_sum_so_far(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(), bought.refunded(150, at=20))
    assert (await order(conn))["status"] == "paid"
    assert await balance(conn, bought.user_id) == 70
    await deliver(resources, bought.refunded(400, at=21))
    assert await balance(conn, bought.user_id) == 20
    await deliver(resources, bought.refunded(250, at=20), bought.refunded(500, at=22))
    assert await balance(conn, bought.user_id) == 0
    assert (await order(conn))["status"] == "refunded"


async def test_a_refund_that_came_before_the_payment_counts_once_both_are_there(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.refunded(), bought.checkout())
    assert (await order(conn))["status"] == "refunded"
    assert await balance(conn, bought.user_id) == 0
    assert await count(conn, "essence_transactions") == 2


async def test_a_dispute_takes_the_essence_back_and_outranks_a_refund(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(), bought.disputed())
    assert (await order(conn))["status"] == "disputed"
    assert await balance(conn, bought.user_id) == 0
    await deliver(resources, bought.refunded(at=40))
    assert (await order(conn))["status"] == "disputed"
    assert await count(conn, "essence_transactions") == 2


async def test_essence_that_is_spent_cannot_be_taken_back_and_is_owed(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout())
    await conn.execute("update furniture_essence set balance = 30, total_spent = 70")
    await deliver(resources, bought.refunded())
    made = await order(conn)
    assert (made["essence_taken"], made["essence_owed"]) == (30, 70)
    assert await balance(conn, bought.user_id) == 0


async def test_the_order_that_the_product_made_first_is_the_one_that_gets_paid(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    first = uuid4()
    await conn.execute("insert into orders (id, user_id, essence) values (%s, %s, 250)", [first, user_id])
    await deliver(resources, Purchase(user_id, order_id=first).checkout())
    made = await order(conn)
    assert (made["id"], made["status"], made["essence_credited"]) == (first, "paid", 250)


async def test_a_payment_intent_may_name_its_order_itself(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    first = uuid4()
    await conn.execute("insert into orders (id, user_id, essence) values (%s, %s, 250)", [first, user_id])
    await deliver(resources, event("payment_intent.succeeded", order_id=first))
    assert (await order(conn))["status"] == "paid"
    assert await balance(conn, user_id) == 250


async def test_a_checkout_without_essence_is_an_order_like_any_other(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    await deliver(resources, Purchase(user_id, essence=0).checkout())
    assert (await order(conn))["status"] == "paid"
    assert await count(conn, "essence_transactions") == 0
    assert await count(conn, "email_queue") == 1


async def test_a_checkout_that_only_keeps_a_card_buys_nothing(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    assert await deliver(resources, bought.checkout(mode="setup")) == ["processed"]
    assert await count(conn, "orders") == 0


async def test_an_order_without_any_address_gets_no_receipt(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(customer_details=None))
    assert (await order(conn))["status"] == "paid"
    assert await count(conn, "email_queue") == 0


async def test_an_order_outlives_its_user_and_is_settled_without(
    conn: Connection, resources: Resources, bought: Purchase
) -> None:
    await deliver(resources, bought.checkout(payment_status="unpaid"))
    await conn.execute("delete from users")
    assert await deliver(resources, bought.paid(), bought.refunded()) == ["processed"] * 2
    assert (await order(conn))["status"] == "refunded"
