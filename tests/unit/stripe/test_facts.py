"""What is read of Stripe's objects, whatever shape they come in."""

import json
from typing import Any
from uuid import uuid4

import pytest

from shared.providers.stripe import Event, read
from shared.stripe import facts
from shared.stripe.facts import Facts, ImpossibleError
from shared.stripe.mails import money
from tests.payments import event

USER = uuid4()


def told(event_type: str, **fields: Any) -> Facts:
    return facts.read(parsed(event_type, **fields))


def parsed(event_type: str, **fields: Any) -> Event:
    return read(json.dumps(event(event_type, **fields), default=str).encode())


def test_an_expanded_object_stands_for_its_id() -> None:
    found = told("checkout.session.completed", user_id=USER, payment_intent={"id": "pi_1", "object": "payment_intent"})
    assert found.facts["payment_intent"] == "pi_1"


def test_a_reference_that_is_no_uuid_names_none_of_our_users() -> None:
    found = told("checkout.session.completed", user_id=USER, client_reference_id="visitor 12")
    assert found.facts["user_id"] == USER


def test_a_checkout_that_names_nobody_can_never_be_processed() -> None:
    with pytest.raises(ImpossibleError, match="neither a user nor an order"):
        told("checkout.session.completed", metadata=None)


@pytest.mark.parametrize("essence", ["-1", "many", "1.5", str(2**31)])
def test_essence_that_is_no_amount_can_never_be_processed(essence: str) -> None:
    with pytest.raises(ImpossibleError) as refusal:
        told("checkout.session.completed", user_id=USER, metadata={"essence": essence})
    assert refusal.value.detail == "checkout.session.completed: cannot read metadata.essence"


def test_a_nul_in_a_text_is_dropped() -> None:
    found = told("checkout.session.completed", user_id=USER, customer_details={"email": "a\0nna@example.org"})
    assert found.facts["email"] == "anna@example.org"


def test_the_email_typed_in_checkout_comes_before_the_one_given_to_it() -> None:
    given = {"customer_email": "given@example.org"}
    assert told("checkout.session.completed", user_id=USER, **given).facts["email"] == "anna@example.org"
    found = told("checkout.session.completed", user_id=USER, customer_details=None, **given)
    assert found.facts["email"] == "given@example.org"


def test_nothing_to_pay_is_paid() -> None:
    found = told("checkout.session.completed", user_id=USER, payment_status="no_payment_required")
    assert found.facts["outcome"] == "paid"


def test_a_charge_or_dispute_without_an_intent_stands_for_itself() -> None:
    charge = event("charge.refunded", id="ch_1")
    charge["data"]["object"]["payment_intent"] = None
    assert facts.read(read(json.dumps(charge).encode())).facts["payment_intent"] == "ch_1"
    dispute = event("charge.dispute.created", charge="ch_2")
    dispute["data"]["object"]["payment_intent"] = None
    assert facts.read(read(json.dumps(dispute).encode())).facts["payment_intent"] == "ch_2"


def test_a_subscriptions_period_stands_on_its_items_or_on_top() -> None:
    old, new = event("customer.subscription.updated"), event("customer.subscription.updated")
    del new["data"]["object"]["current_period_end"]
    old["data"]["object"]["items"] = {"data": []}
    for each in (old, new):
        found = facts.read(read(json.dumps(each).encode()))
        assert found.facts["current_period_end"] is not None
    assert facts.read(read(json.dumps(old).encode())).facts["price_id"] is None


def test_an_invoices_subscription_stands_under_its_parent_or_on_top() -> None:
    old, new = event("invoice.paid", subscription="sub_1"), event("invoice.paid", subscription="sub_1")
    del old["data"]["object"]["parent"]
    del new["data"]["object"]["subscription"]
    for each in (old, new):
        assert facts.read(read(json.dumps(each).encode())).facts["subscription"] == "sub_1"


def test_an_invoice_of_no_subscription_has_no_effect() -> None:
    single = event("invoice.paid")
    single["data"]["object"] |= {"subscription": None, "parent": None}
    assert facts.read(read(json.dumps(single).encode())) == Facts()


def test_a_type_without_a_handler_has_no_effect() -> None:
    unknown = {**event("invoice.paid"), "type": "invoice.sent"}
    assert facts.read(read(json.dumps(unknown).encode())) == Facts()


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (499, "usd", "4.99 USD"),
        (123456789, "eur", "1,234,567.89 EUR"),
        (500, "jpy", "500 JPY"),
        (12345, "kwd", "12.345 KWD"),
        (None, None, "0.00"),
    ],
)
def test_amounts_are_written_in_their_currencys_own_unit(
    amount: int | None, currency: str | None, written: str
) -> None:
    assert money(amount, currency) == written
