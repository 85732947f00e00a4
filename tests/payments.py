"""What tests of Stripe's events share: objects that belong together, signatures by Stripe's own SDK, deliveries."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from stripe import WebhookSignature

from functions.stripe_webhook.main import app
from infra.local.twins.stripe_events import sample, snapshot
from infra.local.twins.stripe_objects import new_id
from shared.resources import Resources
from shared.web import Request, Response
from tests.nightshift import Connection

SECRET = "whsec_for_tests"
Event = dict[str, Any]
NOW = int(time.time())


def event(event_type: str, *, at: int = 0, event_id: str | None = None, **fields: Any) -> Event:
    """An event of this type, `at` seconds after the beginning; fields go to its object."""
    return snapshot(event_type, sample(event_type, **fields), created=NOW - 3600 + at, id=event_id)


@dataclass
class Purchase:
    """The events in the life of one order of 100 essence for 5.00."""

    user_id: UUID
    essence: int = 100
    amount: int = 500
    session: str = field(default_factory=lambda: new_id("cs_test"))
    intent: str = field(default_factory=lambda: new_id("pi"))
    order_id: UUID | None = None

    def checkout(self, word: str = "completed", *, at: int = 10, **fields: Any) -> Event:
        ours = {
            "id": self.session,
            "payment_intent": self.intent,
            "amount_total": self.amount,
            "order_id": self.order_id,
        }
        given = {"user_id": self.user_id, "essence": self.essence, **ours, **fields}
        return event(f"checkout.session.{word}", at=at, **given)

    def paid(self, *, at: int = 9) -> Event:
        return self._intent("payment_intent.succeeded", at)

    def declined(self, *, at: int = 5) -> Event:
        return self._intent("payment_intent.payment_failed", at)

    def refunded(self, amount: int | None = None, *, at: int = 20) -> Event:
        return event("charge.refunded", at=at, payment_intent=self.intent, amount=self.amount, amount_refunded=amount)

    def disputed(self, *, at: int = 30) -> Event:
        return event("charge.dispute.created", at=at, payment_intent=self.intent, amount=self.amount)

    def _intent(self, event_type: str, at: int) -> Event:
        return event(event_type, at=at, id=self.intent, amount=self.amount)


def signature(body: bytes, *secrets: str, at: int | None = None) -> str:
    """The header as Stripe's own SDK writes it; several secrets as during a rotation."""
    at = int(time.time()) if at is None else at
    signed = [WebhookSignature.generate_signature_header(body.decode(), secret, at) for secret in secrets or (SECRET,)]
    return ",".join([f"t={at}", *(header.partition(",")[2] for header in signed)])


async def send(resources: Resources, body: bytes, header: str | None = None) -> Response:
    """Post a raw body to the webhook; signed unless a header is given."""
    headers = {"stripe-signature": signature(body) if header is None else header}
    return await app(Request("POST", "/stripe-webhook", headers, body=body), resources)


async def deliver(resources: Resources, *events: Event) -> list[str]:
    """Post events one after the other; what became of each."""
    statuses = []
    for each in events:
        answer = await send(resources, json.dumps(each).encode())
        assert answer.status == 200, answer.body
        statuses.append(json.loads(answer.body)["status"])
    return statuses


async def one(conn: Connection, query: str, *params: Any) -> dict[str, Any]:
    """The only row of a query."""
    rows = await (await conn.execute(query.encode(), params)).fetchall()
    assert len(rows) == 1, rows
    return dict(rows[0])


async def order(conn: Connection) -> dict[str, Any]:
    return await one(conn, "select * from orders")


async def balance(conn: Connection, user_id: UUID) -> int:
    rows = await (await conn.execute("select balance from furniture_essence where user_id = %s", [user_id])).fetchall()
    return rows[0]["balance"] if rows else 0


async def count(conn: Connection, query: str) -> int:
    return int((await one(conn, f"select count(*) as n from {query}"))["n"])  # noqa: S608 - the test's own words
