"""Stripe's events: snapshots that carry an object, and the thin ones that only name it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import stripe

from infra.local.twins import stripe_objects as objects
from infra.local.twins.stripe_objects import Object, new_id

# Every event type that Nightshift handles: the factory of its object, and what the type says about it.
SAMPLES: dict[str, tuple[Callable[..., Object], Object]] = {
    "checkout.session.completed": (objects.checkout_session, {}),
    "checkout.session.async_payment_succeeded": (objects.checkout_session, {}),
    "checkout.session.async_payment_failed": (objects.checkout_session, {"payment_status": "unpaid"}),
    "checkout.session.expired": (
        objects.checkout_session,
        {"payment_status": "unpaid", "status": "expired"},
    ),
    "payment_intent.succeeded": (objects.payment_intent, {}),
    "payment_intent.payment_failed": (objects.payment_intent, {"status": "requires_payment_method"}),
    "charge.refunded": (objects.charge, {}),
    "charge.dispute.created": (objects.dispute, {}),
    "customer.subscription.created": (objects.subscription, {}),
    "customer.subscription.updated": (objects.subscription, {}),
    "customer.subscription.deleted": (objects.subscription, {"status": "canceled"}),
    "invoice.paid": (objects.invoice, {}),
    "invoice.payment_failed": (objects.invoice, {"status": "open"}),
}


def sample(event_type: str, **fields: Any) -> Object:
    """An object as an event of this type carries it; fields go to its factory."""
    factory, implied = SAMPLES[event_type]
    return factory(**{**implied, **fields})


def snapshot(
    event_type: str,
    object: Object,  # noqa: A002 - Stripe's word
    *,
    created: int | None = None,
    id: str | None = None,  # noqa: A002
    previous_attributes: Object | None = None,
) -> Object:
    """An event as the API lists it and webhooks carry it (docs.stripe.com/api/events/object)."""
    data = {"object": object, "previous_attributes": previous_attributes}
    return {
        "id": id or new_id("evt"),
        "object": "event",
        "api_version": stripe.api_version,
        "created": int(time.time()) if created is None else created,
        "data": {name: value for name, value in data.items() if value is not None},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": new_id("req"), "idempotency_key": str(uuid4())},
        "type": event_type,
    }


def thin(event: Object) -> Object:
    """The notification that goes out for the same change to a thin destination; it names its snapshot.

    docs.stripe.com/webhooks/migrate-snapshot-to-thin-events
    """
    carried = event["data"]["object"]
    created = datetime.fromtimestamp(event["created"], UTC).isoformat(timespec="milliseconds")
    kind = carried.get("object", "object")
    return {
        "id": new_id("evt_test"),
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": created.replace("+00:00", "Z"),
        "livemode": False,
        "context": None,
        "reason": {"type": "request", "request": event["request"]},
        "related_object": {
            "id": carried.get("id"),
            "type": kind,
            "url": f"/v1/{kind.replace('.', '/')}s/{carried.get('id')}",
        },
        "snapshot_event": event["id"],
    }
