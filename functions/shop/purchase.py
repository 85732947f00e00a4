"""Buying: the database does all of it at once, and a gift's mail goes into the queue within the same transaction."""

from typing import Any
from uuid import UUID

from functions.shop.orders import Gift, Order, refused
from shared import sql
from shared.db import Row, Session, Transaction
from shared.idempotency import key_of
from shared.repositories.emails import EmailRequest, enqueue
from shared.transactions import atomic
from shared.web import Call, Response, answer

SQL = sql.beside(__file__, "purchase.sql")
CREATED = 201


async def buy(call: Call) -> Response:
    """Buy an item for oneself."""
    order = call.body(Order)
    key = key_of(call.request, order.idempotency_key)
    return answer(await buy_item(call.resources.db, call.user, order.item_id, key=key), CREATED)


async def gift(call: Call) -> Response:
    """Buy an item for a partner."""
    order = call.body(Gift)
    key = key_of(call.request, order.idempotency_key)
    return answer(await gift_item(call.resources.db, call.user, order, key=key), CREATED)


async def buy_item(session: Session, user: UUID, item: UUID, *, key: str | None = None) -> dict[str, Any]:
    """Answers the copy's id (`inventory_id`), `item_name`, `cost` and `new_balance`.

    Raises:
        ItemNotFoundError: it is not for sale.
        InsufficientEssenceError: the purse has less than it costs, or there is none.
        KeyConflictError: the key has another purchase.
    """
    return bought(await session.row(SQL.purchase, repeatable=key is not None, user=user, item=item, key=key))


@atomic
async def gift_item(session: Transaction, sender: UUID, order: Gift, *, key: str | None = None) -> dict[str, Any]:
    """Answers as `buy_item`, and the `recipient_name`. Whether they are partners is asked here, past every cache.

    Raises:
        SelfGiftError: the recipient is the sender.
        NotPartnerError: the recipient is none of the sender's partners.
        ItemNotFoundError, InsufficientEssenceError, KeyConflictError: as of `buy_item`.
    """
    recipient, message = order.recipient_id, order.message
    if recipient == sender:
        raise refused("self_gift")
    row = await session.row(SQL.gift, sender=sender, recipient=recipient, item=order.item_id, message=message, key=key)
    if row is None:
        raise refused("not_partner")
    made = bought(row)
    if row["email"] and not row["repeated"]:
        await enqueue(session, letter(row, made["item_name"], message))
    return made | {"recipient_name": row["recipient_name"]}


def bought(row: Row | None) -> dict[str, Any]:
    """What `purchase_item_atomic` answered, without its `success`; raises its refusal."""
    told: dict[str, Any] = (row or {})["answer"]
    if not told.pop("success"):
        raise refused(told["error"])
    return told


def letter(given: Row, item: str, message: str | None) -> EmailRequest:
    """The mail that a gift has arrived."""
    from shared.mail_templates import render  # noqa: PLC0415 - most calls write no mail

    mail = render("gift_received", sender=given["sender_name"], name=given["name"], item=item, message=message)
    return EmailRequest(
        to=given["email"], subject=mail.subject, html=mail.html, text=mail.text, email_type="gift_received"
    )
