"""Whatever order an order's events arrive in, and however often, they end the same."""

import asyncio
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from shared.resources import Resources
from tests import nightshift
from tests.payments import SECRET, Event, Purchase, deliver

TOLD = """
    select o.status, o.amount_total, o.currency, o.email, o.amount_refunded, o.paid_at, o.failed_at, o.expired_at,
           o.refunded_at, o.disputed_at, o.essence_credited, o.essence_taken, o.essence_owed, o.session_seen::text,
           p.amount, p.amount_refunded as returned, p.paid_at as p_paid, p.failed_at as p_failed,
           e.balance, e.total_earned, e.total_spent,
           (select jsonb_object_agg(t.transaction_type, t.sum) from (
                select transaction_type, sum(amount) as sum from essence_transactions group by 1) t) as ledger,
           (select array_agg(m.idempotency_key like 'receipt:%') from email_queue m
            where m.email_type = 'purchase_confirmation') as receipts,
           (select count(*) from webhook_events w where w.status <> 'processed') as open
    from orders o join stripe_payments p on p.payment_intent_id = o.stripe_payment_intent_id
    left join furniture_essence e on e.user_id = o.user_id
"""
CLEAN = "truncate webhook_events, stripe_payments, orders, furniture_essence, essence_transactions, email_queue cascade"


def life(user: UUID) -> dict[str, Event]:
    bought = Purchase(user)
    return {
        "declined": bought.declined(at=5),
        "open": bought.checkout(payment_status="unpaid", at=10),
        "late money": bought.checkout("async_payment_succeeded", at=60),
        "no money": bought.checkout("async_payment_failed", at=60),
        "expired": bought.checkout("expired", at=70, customer_details=None),
        "paid": bought.paid(at=9),
        "a part returned": bought.refunded(130, at=80),
        "more returned": bought.refunded(333, at=81),
        "all returned": bought.refunded(at=82),
        "disputed": bought.disputed(at=90),
    }


NAMES = sorted(life(UUID(int=0)))


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Some of an order's events, its checkout among them: once in a plain order, once shuffled with duplicates."""
    chosen = [*draw(st.sets(st.sampled_from([n for n in NAMES if n != "open"]), min_size=1)), "open"]
    twice = draw(st.lists(st.sampled_from(sorted(chosen)), max_size=4))
    return sorted(chosen), draw(st.permutations(sorted(chosen) + twice))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrival=arrivals())
def test_any_order_of_arrival_with_any_duplicates_ends_the_same(
    database_url: str, arrival: tuple[list[str], list[str]]
) -> None:
    plain, shuffled = arrival
    asyncio.run(compare(database_url, plain, shuffled))


async def compare(database_url: str, plain: list[str], shuffled: list[str]) -> None:
    resources = Resources(nightshift.settings(database_url, stripe_webhook_secrets=SECRET))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row) as conn:
        known = life(await nightshift.user(conn))
        first = await outcome(conn, resources, [known[name] for name in plain])
        second = await outcome(conn, resources, [known[name] for name in shuffled])
    await resources.close()
    differences = [{k: (v, b[k]) for k, v in a.items() if v != b[k]} for a, b in zip(first, second, strict=True)]
    assert differences == [{}]


async def outcome(conn: nightshift.Connection, resources: Resources, events: list[Event]) -> list[Any]:
    await conn.execute(CLEAN)
    await deliver(resources, *events)
    return await (await conn.execute(TOLD)).fetchall()
