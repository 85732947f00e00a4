"""What an event tells, as facts that the database derives everything else from. One function per family of events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from shared.errors import UnprocessableError
from shared.providers.stripe import Event
from shared.stripe.objects import Charge, Dispute, Intent, Invoice, Session, Shown, Subscription

PAID = ("paid", "no_payment_required")
ORDER = ("created", "completed", "updated", "deleted")  # within one second, later words beat earlier ones


class ImpossibleError(UnprocessableError):
    """The event's data can never be processed, however often it is tried."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an event tells.

    Attributes:
        family: one that `nightshift.apply_stripe_facts` knows; None of an event that is only kept.
        mail: what only a mail needs.
    """

    family: str | None = "nothing"
    facts: dict[str, Any] = field(default_factory=dict)
    mail: dict[str, Any] = field(default_factory=dict)

    @property
    def notice(self) -> str | None:
        """The mail that is likely to follow: an order's payment has an outcome, or an invoice was not paid."""
        if self.facts.get("status") == "payment_failed":
            return "invoice_failed"
        return {"paid": "receipt", "failed": "order_failed"}.get(self.facts.get("outcome", ""))

    def json(self) -> str:
        return json.dumps(self.facts, default=str)


def known(event: Event) -> bool:
    """Whether an event has effects here. A thin one has none: the snapshot that it belongs to comes too."""
    return not event.thin and event.type in READERS


def read(event: Event) -> Facts:
    """The facts of an event; none of a type that nothing is done for.

    Raises:
        ImpossibleError: the object is not of its type's shape; names the fields, never their values.
    """
    try:
        return READERS[event.type](event) if known(event) else Facts()
    except ValidationError as error:
        wrong = sorted({".".join(map(str, fault["loc"])) for fault in error.errors()})
        raise ImpossibleError(f"{event.type}: cannot read {', '.join(wrong)}") from None


def watermark(event: Event) -> dict[str, Any]:
    word = event.type.rpartition(".")[2]
    rank = ORDER.index(word) if word in ORDER else len(ORDER)
    return {"at": event.created, "rank": rank, "event_id": event.id}


def checkout(event: Event) -> Facts:
    session = Session.model_validate(event.resource)
    if session.mode == "setup":  # a card is kept for later; nothing is bought
        return Facts()
    if session.user_id is None and session.metadata.order_id is None:
        raise ImpossibleError(f"{event.type}: names neither a user nor an order")
    told = shown(session, "payment_intent", "amount_total", "currency", "subscription", "customer")
    bought = shown(session.metadata, "order_id", "essence")
    ours = {"session_id": session.id, "user_id": session.user_id, "email": session.email}
    return Facts("checkout", {**told, **bought, **ours, "outcome": outcome(event, session), **watermark(event)})


def shown(model: Shown, *names: str) -> dict[str, Any]:
    """Some fields of an object; pydantic's own `model_dump` takes ten times as long for so few."""
    return {name: getattr(model, name) for name in names}


def outcome(event: Event, session: Session) -> str:
    """What became of the session; `open` while the money is on its way."""
    match event.type.rpartition(".")[2]:
        case "expired":
            return "expired"
        case "async_payment_failed":
            return "failed"
        case "async_payment_succeeded":
            return "paid"
        case _:
            return "paid" if session.payment_status in PAID else "open"


def intent(event: Event) -> Facts:
    told = Intent.model_validate(event.resource)
    when = "paid_at" if event.type == "payment_intent.succeeded" else "failed_at"
    return payment(
        told.id, order_id=told.metadata.order_id, amount=told.amount, currency=told.currency, **{when: event.created}
    )


def refund(event: Event) -> Facts:
    told = Charge.model_validate(event.resource)
    return payment(
        told.payment_intent or told.id,
        order_id=told.metadata.order_id,
        amount=told.amount,
        currency=told.currency,
        amount_refunded=told.amount_refunded,
        refunded_at=event.created,
    )


def dispute(event: Event) -> Facts:
    told = Dispute.model_validate(event.resource)
    return payment(told.payment_intent or told.charge or told.id, disputed_at=event.created)


def payment(intent: str, **told: Any) -> Facts:
    return Facts("payment", {"payment_intent": intent, **told})


def subscription(event: Event) -> Facts:
    told = Subscription.model_validate(event.resource)
    said = shown(told, "customer", "status", "cancel_at_period_end", "canceled_at", "ended_at")
    period = {"current_period_end": told.current_period_end or told.first.current_period_end}
    whose = {"subscription": told.id, "user_id": told.metadata.user_id, "price_id": told.first.price}
    deleted = event.type == "customer.subscription.deleted"
    return Facts("subscription", {**said, **period, **whose, "deleted": deleted, **watermark(event)})


def invoice(event: Event) -> Facts:
    told = Invoice.model_validate(event.resource)
    if told.of is None:  # a single invoice; there is nothing here that it belongs to
        return Facts()
    status = event.type.removeprefix("invoice.")
    about = {"subscription": told.of, "customer": told.customer, "invoice": told.id}
    asked = {"amount": told.amount_due, "currency": told.currency, "url": told.hosted_invoice_url}
    whom = {"id": told.id, "email": told.customer_email, "name": told.customer_name}
    return Facts("invoice", {**about, "invoice_created": told.created, "status": status}, {**whom, **asked})


READERS: dict[str, Callable[[Event], Facts]] = {
    "checkout.session.completed": checkout,
    "checkout.session.async_payment_succeeded": checkout,
    "checkout.session.async_payment_failed": checkout,
    "checkout.session.expired": checkout,
    "payment_intent.succeeded": intent,
    "payment_intent.payment_failed": intent,
    "charge.refunded": refund,
    "charge.dispute.created": dispute,
    "customer.subscription.created": subscription,
    "customer.subscription.updated": subscription,
    "customer.subscription.deleted": subscription,
    "invoice.paid": invoice,
    "invoice.payment_failed": invoice,
}
