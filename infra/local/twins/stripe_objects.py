"""Stripe's objects as its events carry them: the fields that integrations read, in Stripe's own shapes.

Shapes: docs.stripe.com/api, resources of the same names. Money is in the currency's smallest unit, times are
whole seconds since 1970, metadata values are strings. Further keyword arguments replace fields by name.
"""

import time
from typing import Any
from uuid import uuid4

MONTH = 30 * 86_400  # seconds

Object = dict[str, Any]


def new_id(prefix: str) -> str:
    return f"{prefix}_1{uuid4().hex[:23]}"


def metadata(**values: Any) -> dict[str, str]:
    """Stripe keeps metadata as strings; what is not set is not there."""
    return {name: str(value) for name, value in values.items() if value is not None}


def checkout_session(
    *,
    user_id: Any = None,
    order_id: Any = None,
    essence: int | None = None,
    amount_total: int = 499,
    currency: str = "usd",
    email: str = "anna@example.org",
    payment_intent: str | None = None,
    **more: Any,
) -> Object:
    created = int(time.time())
    session = new_id("cs_test")
    return {
        "id": session,
        "object": "checkout.session",
        "amount_subtotal": amount_total,
        "amount_total": amount_total,
        "client_reference_id": None if user_id is None else str(user_id),
        "created": created,
        "currency": currency,
        "customer": None,
        "customer_details": {"address": None, "email": email, "name": None, "phone": None, "tax_exempt": "none"},
        "customer_email": None,
        "expires_at": created + 86_400,
        "livemode": False,
        "metadata": metadata(user_id=user_id, order_id=order_id, essence=essence),
        "mode": "payment",
        "payment_intent": payment_intent or new_id("pi"),
        "payment_method_types": ["card"],
        "payment_status": "paid",
        "status": "complete",
        "subscription": None,
        "success_url": "https://example.com/success",
        "url": None,
        **more,
    }


def payment_intent(
    *,
    user_id: Any = None,
    order_id: Any = None,
    essence: int | None = None,
    amount: int = 499,
    currency: str = "usd",
    status: str = "succeeded",
    **more: Any,
) -> Object:
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount if status == "succeeded" else 0,
        "created": int(time.time()),
        "currency": currency,
        "customer": None,
        "last_payment_error": None if status == "succeeded" else DECLINED,
        "latest_charge": new_id("ch"),
        "livemode": False,
        "metadata": metadata(user_id=user_id, order_id=order_id, essence=essence),
        "payment_method_types": ["card"],
        "receipt_email": None,
        "status": status,
        **more,
    }


DECLINED: Object = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "message": "Your card has insufficient funds.",
}


def charge(
    *,
    payment_intent: str | None = None,
    amount: int = 499,
    amount_refunded: int | None = None,
    currency: str = "usd",
    **more: Any,
) -> Object:
    """Refunded in full unless `amount_refunded` is less; `refunded` is true only of a full refund."""
    refunded = amount if amount_refunded is None else amount_refunded
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": refunded,
        "balance_transaction": new_id("txn"),
        "billing_details": {"email": None, "name": None, "phone": None},
        "captured": True,
        "created": int(time.time()),
        "currency": currency,
        "customer": None,
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": payment_intent or new_id("pi"),
        "refunded": refunded >= amount,
        "status": "succeeded",
        **more,
    }


def dispute(
    *,
    charge: str | None = None,
    payment_intent: str | None = None,
    amount: int = 499,
    currency: str = "usd",
    reason: str = "fraudulent",
    **more: Any,
) -> Object:
    created = int(time.time())
    return {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge or new_id("ch"),
        "created": created,
        "currency": currency,
        "evidence_details": {
            "due_by": created + 7 * 86_400,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": payment_intent or new_id("pi"),
        "reason": reason,
        "status": "needs_response",
        **more,
    }


def subscription(
    *,
    user_id: Any = None,
    customer: str | None = None,
    status: str = "active",
    unit_amount: int = 999,
    period_start: int | None = None,
    **more: Any,
) -> Object:
    """The period stands on the items (API versions since 2025-03-31) and on top (earlier ones)."""
    start = int(time.time()) if period_start is None else period_start
    number = more.get("id") or new_id("sub")
    period = {"current_period_start": start, "current_period_end": start + MONTH}
    return {
        "id": number,
        "object": "subscription",
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": start if status == "canceled" else None,
        "collection_method": "charge_automatically",
        "created": start,
        "currency": "usd",
        "customer": customer or new_id("cus"),
        **period,
        "ended_at": start if status == "canceled" else None,
        "items": subscription_items(number, unit_amount, period),
        "latest_invoice": new_id("in"),
        "livemode": False,
        "metadata": metadata(user_id=user_id),
        "start_date": start,
        "status": status,
        **more,
    }


def subscription_items(number: str, unit_amount: int, period: dict[str, int]) -> Object:
    price = {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "currency": "usd",
        "product": new_id("prod"),
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": unit_amount,
    }
    item = {"id": new_id("si"), "object": "subscription_item", "price": price, "quantity": 1, **period}
    url = f"/v1/subscription_items?subscription={number}"
    return {"object": "list", "data": [{**item, "subscription": number}], "has_more": False, "url": url}


def invoice(
    *,
    customer: str | None = None,
    subscription: str | None = None,
    amount: int = 999,
    email: str = "anna@example.org",
    status: str = "paid",
    **more: Any,
) -> Object:
    """The subscription stands under `parent` (API versions since 2025-03-31) and on top (earlier ones)."""
    number = more.get("id") or new_id("in")
    paid = amount if status == "paid" else 0
    belongs_to = subscription or new_id("sub")
    return {
        "id": number,
        "object": "invoice",
        "amount_due": amount,
        "amount_paid": paid,
        "amount_remaining": amount - paid,
        "attempt_count": 1,
        "attempted": True,
        "billing_reason": "subscription_cycle",
        "created": int(time.time()),
        "currency": "usd",
        "customer": customer or new_id("cus"),
        "customer_email": email,
        "hosted_invoice_url": f"https://invoice.stripe.com/i/acct_local/test_{number}",
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None if status == "paid" else int(time.time()) + 3 * 86_400,
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {"metadata": {}, "subscription": belongs_to},
        },
        "status": status,
        "subscription": belongs_to,
        "total": amount,
        **more,
    }
