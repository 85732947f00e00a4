"""The mails that follow from a payment. They go into the queue within the payment's own transaction.

Most are written ahead of it, from what the event tells, and put into the queue by the statement that takes the event.
Where that could make another mail than the rows of the database would, the transaction renders them from these.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from shared import sql
from shared.db import Row, Transaction
from shared.errors import ConflictError
from shared.log import log
from shared.mail_templates import Kind, render
from shared.providers.letter import is_link
from shared.repositories.emails import EmailRequest, enqueue

SQL = sql.beside(__file__)
PRICES = 64  # different contents of orders whose mails a process keeps
ORDER_ID, NAME = "{order_id}", "{name}"  # the gaps that `nightshift.queue_stripe_mail` fills
# docs.stripe.com/currencies: amounts are in a currency's smallest unit, which is mostly, not always, a hundredth.
WHOLE = re.compile("BIF|CLP|DJF|GNF|JPY|KMF|KRW|MGA|PYG|RWF|UGX|VND|VUV|XAF|XOF|XPF")
THOUSANDTHS = re.compile("BHD|JOD|KWD|OMR|TND")


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail about an order or an invoice before it is rendered."""

    kind: Kind
    to: str | None
    key: str
    values: Mapping[str, Any]


async def put(transaction: Transaction, notice: str, order_id: UUID | None, invoice: Row) -> None:
    """Enqueue the mail that `nightshift.apply_stripe_event` asked for."""
    [about] = await transaction.rows(SQL.order_mail, order_id=order_id) if order_id else [invoice]
    draft = DRAFTS[notice](about)
    if draft.to:
        await enqueued(transaction, draft)


async def enqueued(transaction: Transaction, draft: Draft) -> None:
    mail = render(draft.kind, **draft.values)
    request = EmailRequest(
        to=draft.to or "", subject=mail.subject, html=mail.html, text=mail.text, email_type=draft.kind
    )
    try:
        await enqueue(transaction, request, idempotency_key=draft.key)
    except ConflictError:  # the product has written this mail itself; a payment does not fail for that
        log.info("a mail of this key is in the queue already", email_type=draft.kind)


def ahead(notice: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """The mail that an event asks for, as far as the event tells; `nightshift.queue_stripe_mail` fills it in."""
    if notice == "invoice_failed":
        return written(notice, told)
    return order_ahead(notice, told["essence"], told["amount_total"], told["currency"])


@lru_cache(maxsize=PRICES)
def order_ahead(notice: str, essence: int, amount: int | None, currency: str | None) -> dict[str, Any]:
    """A mail about any order of this content; with it what that order's row has to hold."""
    about = {"id": ORDER_ID, "name": NAME, "email": None, "essence": essence, "amount": amount, "currency": currency}
    return {**written(notice, about), "essence": essence, "amount_total": amount, "currency": currency}


def written(notice: str, about: Mapping[str, Any]) -> dict[str, Any]:
    draft = DRAFTS[notice](about)
    mail = render(draft.kind, **draft.values)
    content = {"subject": mail.subject, "html": mail.html, "text": mail.text}
    return {"notice": notice, "to": draft.to, "key": draft.key, "email_type": draft.kind, **content}


def receipt(order: Mapping[str, Any]) -> Draft:
    """Confirm a paid order."""
    values = {"item": item(order["essence"]), "order_id": str(order["id"]), **shown(order)}
    return Draft("purchase_confirmation", order["email"], f"receipt:{order['id']}", values)


def order_failed(order: Mapping[str, Any]) -> Draft:
    """Say that an order's payment failed after its checkout was over."""
    values = {"item": item(order["essence"]), **shown(order)}
    return Draft("payment_failed", order["email"], f"payment-failed:{order['id']}", values)


def invoice_failed(invoice: Mapping[str, Any]) -> Draft:
    """Say that a subscription's payment failed; once per invoice, however often Stripe tries it."""
    url = invoice["url"] if is_link(invoice["url"] or "") else None
    values = {"item": "Subscription", "retry_url": url, **shown(invoice)}
    return Draft("payment_failed", invoice["email"], f"payment-failed:{invoice['id']}", values)


DRAFTS: dict[str, Callable[[Mapping[str, Any]], Draft]] = {
    "receipt": receipt,
    "order_failed": order_failed,
    "invoice_failed": invoice_failed,
}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"amount": money(row["amount"], row["currency"]), "name": row["name"]}


def item(essence: int) -> str:
    return f"{essence} essence" if essence else "Your order"


def money(amount: int | None, currency: str | None) -> str:
    """`499`, `usd` as `4.99 USD`; nothing to pay as `0.00`."""
    code = (currency or "").upper()
    digits = 0 if WHOLE.fullmatch(code) else 3 if THOUSANDTHS.fullmatch(code) else 2
    return f"{(amount or 0) / 10**digits:,.{digits}f} {code}".strip()
