"""The Stripe events of the demo: orders, refunds, disputes, subscriptions, and what the players' essence must be."""

import asyncio
import json
import time
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from stripe import WebhookSignature

from infra.local.demo import plan
from infra.local.demo.check import Check, arrived, equal, none, until
from infra.local.stack import Stack
from infra.local.twins import TwinClient
from infra.local.twins import stripe_objects as make

ORDERS, REFUNDED, PARTLY, DISPUTED = 70, 15, 5, 5
LATER_PAID, LATER_FAILED, EXPIRED, DECLINED = 20, 10, 10, 10
SUBSCRIPTIONS, ENDED = 15, 5
DUPLICATED = 30
PRICE, ESSENCE = 500, 50
AT_ONCE = 8

LEDGER = "select user_id, sum(amount)::int from essence_transactions group by 1 having sum(amount) <> 0"
TWICE = "select order_id from essence_transactions where amount > 0 group by 1 having count(*) > 1"

Connection = psycopg.AsyncConnection[Any]
Event = dict[str, Any]


class Payments:
    """Events as Stripe will send them, and the essence that each player must end up with."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, stripe: TwinClient, users: list[UUID]) -> None:
        self.stack, self.http, self.stripe = stack, http, stripe
        self.users = users
        self.late = [uuid4() for _ in range(plan.LATE_USERS)]
        self.essence: Counter[UUID] = Counter()
        self.events: list[Event] = []
        self.forged: Counter[int] = Counter()
        self._clock = int(time.time()) - 3600

    def compose(self) -> None:
        """Every kind of event that has an effect."""
        for number in range(ORDERS):
            self._order(self.users[number], number)
        for user in self.late:
            self._paid(user)
        for number in range(LATER_PAID + LATER_FAILED):
            self._later(self.users[100 + number], paid=number < LATER_PAID)
        for number in range(EXPIRED):
            session = self._session(self.users[150 + number])
            self._add("checkout.session.expired", session | {"payment_status": "unpaid", "status": "expired"})
        for number in range(DECLINED):
            intent = make.payment_intent(user_id=self.users[170 + number], status="requires_payment_method")
            self._add("payment_intent.payment_failed", intent)
        for number in range(SUBSCRIPTIONS):
            self._subscription(self.users[200 + number], ended=number < ENDED)

    def _order(self, user: UUID, number: int) -> None:
        """A paid order; the first ones are refunded, the next partly, the next disputed."""
        intent = self._paid(user)
        if number < REFUNDED + PARTLY:
            refund = PRICE if number < REFUNDED else PRICE // 2
            charge = make.charge(payment_intent=intent, amount=PRICE, amount_refunded=refund)
            self._add("charge.refunded", charge)
            self.essence[user] -= ESSENCE * refund // PRICE
        elif number < REFUNDED + PARTLY + DISPUTED:
            self._add("charge.dispute.created", make.dispute(payment_intent=intent, amount=PRICE))
            self.essence[user] -= ESSENCE

    def _paid(self, user: UUID) -> str:
        session = self._session(user)
        intent = make.payment_intent(user_id=user, essence=ESSENCE, amount=PRICE, id=session["payment_intent"])
        self._add("checkout.session.completed", session)
        self._add("payment_intent.succeeded", intent)
        self.essence[user] += ESSENCE
        return str(session["payment_intent"])

    def _later(self, user: UUID, *, paid: bool) -> None:
        """A payment method that takes days."""
        session = self._session(user)
        self._add("checkout.session.completed", session | {"payment_status": "unpaid"})
        outcome, status = ("succeeded", "paid") if paid else ("failed", "unpaid")
        self._add(f"checkout.session.async_payment_{outcome}", session | {"payment_status": status})
        self.essence[user] += ESSENCE if paid else 0

    def _subscription(self, user: UUID, *, ended: bool) -> None:
        began = make.subscription(user_id=user)
        self._add("customer.subscription.created", began)
        self._add("customer.subscription.updated", began | {"cancel_at_period_end": ended})
        self._add(
            "invoice.paid", make.invoice(customer=began["customer"], subscription=began["id"], email=address(user))
        )
        if ended:
            self._add("customer.subscription.deleted", began | {"status": "canceled"})

    def _session(self, user: UUID) -> Event:
        return make.checkout_session(user_id=user, essence=ESSENCE, amount_total=PRICE, email=address(user))

    def _add(self, kind: str, obj: Event) -> None:
        self._clock += 1
        self.events.append({"type": kind, "object": obj, "created": self._clock})

    async def post(self) -> None:
        """Out of order, some twice, some never; between them forged ones."""
        for event in self.events[:: len(self.events) // DUPLICATED][:DUPLICATED]:
            event["copies"] = 2
        for event in self.events[3 :: len(self.events) // plan.WITHHELD][: plan.WITHHELD]:
            event["withhold"] = True
        await asyncio.gather(
            self.stripe.emit(*self.events, order="shuffled", concurrency=AT_ONCE, wait=False), self._forge()
        )

    async def _forge(self) -> None:
        for number in range(plan.FORGED):
            body = json.dumps({"id": f"evt_forged{number}", "object": "event", "type": "checkout.session.completed"})
            at = int(time.time())
            signature = WebhookSignature._compute_signature(f"{at}.{body}", "whsec_of_somebody_else")  # noqa: SLF001
            headers = {"stripe-signature": f"t={at},v1={signature}"}
            answer = await self.http.post(self.stack.url("stripe-webhook"), content=body, headers=headers)
            self.forged[answer.status_code] += 1

    async def let_in(self, conn: Connection) -> None:
        """The players whose orders came before them appear once their orders have failed twice."""
        wanted = (
            "select (select count(*) from webhook_events) >= %s and"
            " (select count(*) from webhook_retry_queue where attempts >= 2) >= %s"
        )
        numbers = [len(self.events) - plan.WITHHELD, plan.LATE_USERS - 1]
        await until(conn, wanted, numbers)
        async with conn.cursor() as cursor:
            await cursor.executemany("insert into users (id, telegram_id) values (%s, null)", [(u,) for u in self.late])

    async def checks(self, conn: Connection) -> list[Check]:
        """What must hold: Stripe's own list against ours, and the money."""
        listed = {event["id"] for event in await self._listed()}
        known = await _column(conn, "select event_id from webhook_events")
        undone = await _column(conn, "select event_id from webhook_events where status in ('received', 'failed')")
        purses = await _pairs(conn, "select user_id, balance from furniture_essence where balance <> 0")
        ledger = await _pairs(conn, LEDGER)
        twice = await _column(conn, TWICE)
        ended = await _column(conn, "select id from subscriptions where status = 'canceled'")
        wanted = {user: amount for user, amount in self.essence.items() if amount}
        total = f"{sum(purses.values())} in {len(purses)} purses"
        return [
            equal("events that Stripe lists", len(self.events), len(listed)),
            arrived("events of Stripe's list that Nightshift has", len(listed), listed - set(known)),
            none("events that Nightshift has and Stripe never sent", set(known) - listed),
            none("events not processed", set(undone)),
            equal(f"forged posts refused with 400, of {plan.FORGED}", {400: plan.FORGED}, dict(self.forged)),
            Check("essence of every player as Stripe's events say", total, purses == wanted),
            Check("ledger equal to the purses", f"{sum(ledger.values())}", ledger == purses),
            none("orders credited more than once", set(twice)),
            equal("subscriptions ended", ENDED, len(ended)),
        ]

    async def _listed(self) -> list[Event]:
        """Stripe's list of events, page by page."""
        found: list[Event] = []
        headers = {"authorization": f"Bearer {self.stack.env['STRIPE_API_KEY']}"}
        more = True
        while more:
            query = {"limit": 100, **({"starting_after": found[-1]["id"]} if found else {})}
            url = f"{self.stack.env['STRIPE_API_BASE']}/v1/events"
            page = (await self.http.get(url, params=query, headers=headers)).raise_for_status().json()
            found += page["data"]
            more = page["has_more"]
        return found


def address(user: UUID) -> str:
    """Receipts go to one address a player: the limit of each address holds for them, too."""
    return f"{user.hex}@example.org"


async def _column(conn: Connection, statement: str) -> list[Any]:
    return [row[0] for row in await (await conn.execute(statement.encode())).fetchall()]


async def _pairs(conn: Connection, statement: str) -> dict[Any, int]:
    return {row[0]: row[1] for row in await (await conn.execute(statement.encode())).fetchall()}
