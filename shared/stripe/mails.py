"""The mails that follow from a payment. They go into the queue within the payment's own transaction."""

import re
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
# docs.stripe.com/currencies: amounts are in a currency's smallest unit, which is mostly, not always, a hundredth.
WHOLE = re.compile("BIF|CLP|DJF|GNF|JPY|KMF|KRW|MGA|PYG|RWF|UGX|VND|VUV|XAF|XOF|XPF")
THOUSANDTHS = re.compile("BHD|JOD|KWD|OMR|TND")


async def put(transaction: Transaction, notice: str, order_id: UUID | None, invoice: dict[str, Any]) -> None:
    """Enqueue the mail that `nightshift.apply_stripe_event` asked for."""
    if notice == "invoice_failed":
        await invoice_failed(transaction, invoice)
        return
    [order] = await transaction.rows(SQL.order_mail, order_id=order_id)
    await (receipt if notice == "receipt" else order_failed)(transaction, order)


async def receipt(transaction: Transaction, order: Row) -> None:
    """Confirm a paid order."""
    values = {"item": item(order["essence"]), "order_id": str(order["id"]), **shown(order)}
    await enqueued(transaction, "purchase_confirmation", order["email"], f"receipt:{order['id']}", values)


async def order_failed(transaction: Transaction, order: Row) -> None:
    """Say that an order's payment failed after its checkout was over."""
    if order["email"]:
        values = {"item": item(order["essence"]), **shown(order)}
        await enqueued(transaction, "payment_failed", order["email"], f"payment-failed:{order['id']}", values)


async def invoice_failed(transaction: Transaction, invoice: Row) -> None:
    """Say that a subscription's payment failed; once per invoice, however often Stripe tries it."""
    if invoice["email"]:
        url = invoice["url"] if is_link(invoice["url"] or "") else None
        values = {"item": "Subscription", "retry_url": url, **shown(invoice)}
        await enqueued(transaction, "payment_failed", invoice["email"], f"payment-failed:{invoice['id']}", values)


async def enqueued(transaction: Transaction, kind: Kind, to: str, key: str, values: dict[str, Any]) -> None:
    mail = render(kind, **values)
    request = EmailRequest(to=to, subject=mail.subject, html=mail.html, text=mail.text, email_type=kind)
    try:
        await enqueue(transaction, request, idempotency_key=key)
    except ConflictError:  # the product has written this mail itself; a payment does not fail for that
        log.info("a mail of this key is in the queue already", email_type=kind)


def shown(row: Row) -> dict[str, Any]:
    return {"amount": money(row["amount"], row["currency"]), "name": row["name"]}


def item(essence: int) -> str:
    return f"{essence} essence" if essence else "Your order"


def money(amount: int | None, currency: str | None) -> str:
    """`499`, `usd` as `4.99 USD`; nothing to pay as `0.00`."""
    code = (currency or "").upper()
    digits = 0 if WHOLE.fullmatch(code) else 3 if THOUSANDTHS.fullmatch(code) else 2
    return f"{(amount or 0) / 10**digits:,.{digits}f} {code}".strip()
