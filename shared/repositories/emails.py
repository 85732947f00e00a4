"""Emails in the queue, and the addresses that get none."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from shared import sql
from shared.db import Database, Transaction
from shared.errors import ConflictError, UnavailableError
from shared.mailbox import canonical

SQL = sql.beside(__file__, "emails.sql")
UNSUBSCRIBE = "unsubscribe_url"  # the key in `metadata` that List-Unsubscribe is made from
Reason = Literal["bounce", "complaint", "manual", "unsubscribe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailRequest:
    """An email that somebody wants sent.

    Attributes:
        html, text: at least one of the two.
        from_email: EMAIL_FROM where there is none.
        metadata: ids and the like; `unsubscribe_url` in it becomes the List-Unsubscribe header.
        send_at: not before this time.
    """

    to: str
    subject: str
    html: str | None = None
    text: str | None = None
    from_email: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    email_type: str = "transactional"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None


class Enqueued(NamedTuple):
    """The row, and whether this call made it: a known idempotency key finds the row that it made before."""

    id: UUID
    created: bool


async def enqueue(db: Database | Transaction, email: EmailRequest, *, idempotency_key: str | None = None) -> Enqueued:
    """Put an email into the queue; inside a caller's transaction it is there if and only if that commits.

    Raises:
        ConflictError: the key belongs to an email with other content.
    """
    params = parameters(email) | {"key": idempotency_key}
    if created := await db.row(SQL.enqueue, **params, send_at=email.send_at):
        return Enqueued(created["id"], created=True)
    known = await db.row(SQL.by_key, **params)
    if known is None:
        raise UnavailableError("The email of this idempotency key was deleted just now. Try again.", retry_after=1)
    if not known["same"]:
        raise ConflictError("This idempotency key belongs to an email with other content.", field="idempotency_key")
    return Enqueued(known["id"], created=False)


def parameters(email: EmailRequest) -> dict[str, Any]:
    """The content of an email, by the names that the statements use."""
    return {
        "to": email.to,
        "subject": email.subject,
        "html": email.html,
        "text": email.text,
        "from_email": email.from_email,
        "reply_to": email.reply_to,
        "headers": json.dumps(dict(email.headers)),
        "email_type": email.email_type,
        "metadata": json.dumps(dict(email.metadata)),
    }


async def status(db: Database | Transaction, email: UUID) -> str | None:
    """The status of an email in the queue; None if it is not there."""
    row = await db.row(SQL.status, id=email)
    return row["status"] if row else None


async def suppressed(db: Database | Transaction, addresses: Iterable[str]) -> dict[str, str]:
    """Of these addresses, as given, the ones on the suppression list, with the reason."""
    spelled = {address: canonical(address) for address in addresses}
    rows = await db.rows(SQL.suppressed, addresses=sorted(set(spelled.values())))
    reasons = {row["address"]: row["reason"] for row in rows}
    return {address: reasons[spelling] for address, spelling in spelled.items() if spelling in reasons}


async def suppress(
    db: Database | Transaction,
    address: str,
    reason: Reason,
    *,
    source: str,
    provider_message_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Send no more mail to an address; whether it is new on the list. Safe to repeat.

    The first reason stays, since it is the one that explains the silence; but who only unsubscribed still gets what
    is no subscription, so every other reason replaces that one.
    """
    found = await db.row(
        SQL.suppress,
        address=canonical(address),
        reason=reason,
        source=source,
        provider_message_id=provider_message_id,
        detail=json.dumps(dict(detail or {})),
    )
    return found is not None
