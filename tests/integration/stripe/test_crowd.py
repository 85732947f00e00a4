"""Events that arrive at the same time: together into the database, and yet each for itself."""

import asyncio
import json
import time
from uuid import UUID

import psycopg

from shared.resources import Resources
from shared.web import Response
from tests.nightshift import Connection, content
from tests.payments import Event, count, event, send

RECORD = """
insert into webhook_events (event_id, event_type, event_created, raw_body) values (%s, 'invoice.paid', now(), '{}')
"""


async def at_once(resources: Resources, *events: Event) -> list[Response]:
    await resources.db.rows(b"select 1")
    return await asyncio.gather(*(send(resources, json.dumps(each).encode()) for each in events))


def statuses(answers: list[Response]) -> list[str]:
    return [content(answer)["status"] for answer in answers]


async def test_events_that_arrive_at_once_share_a_round_trip(conn: Connection, resources: Resources) -> None:
    await resources.db.rows(b"select 1")
    before = resources.db.round_trips
    answers = await at_once(resources, *(event("invoice.paid") for _ in range(20)))
    assert statuses(answers) == ["processed"] * 20
    assert await count(conn, "webhook_events where status = 'processed'") == 20
    assert resources.db.round_trips - before <= 4


async def test_one_that_comes_twice_at_once_is_done_once(conn: Connection, resources: Resources, user_id: UUID) -> None:
    paid = event("checkout.session.completed", user_id=user_id, essence=100)
    answers = await at_once(resources, event("invoice.paid"), paid, event("invoice.paid"), paid, paid)
    assert sorted(statuses(answers)) == ["duplicate", "duplicate", "processed", "processed", "processed"]
    assert await count(conn, "essence_transactions") == 1


async def test_one_that_another_program_is_recording_spoils_nothing_for_the_others(
    database_url: str, conn: Connection, resources: Resources
) -> None:
    taken = event("invoice.paid")
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute(RECORD, [taken["id"]])
        answers = at_once(resources, event("invoice.paid"), event("invoice.paid"), taken, event("invoice.paid"))
        assert [answer.status for answer in await answers] == [200, 200, 503, 200]
    assert await count(conn, "webhook_events where status = 'processed'") == 3


async def test_one_that_waits_for_a_lock_does_not_hold_up_the_others(
    database_url: str, conn: Connection, resources: Resources, user_id: UUID
) -> None:
    ours = event("customer.subscription.updated", id="sub_1", user_id=user_id)
    assert statuses(await at_once(resources, ours)) == ["processed"]
    async with await psycopg.AsyncConnection.connect(database_url) as shop:
        await shop.execute("select from subscriptions for update")
        held = {**event("customer.subscription.updated", id="sub_1", user_id=user_id, at=5)}
        waiting = asyncio.create_task(at_once(resources, event("invoice.paid"), event("invoice.paid"), held))
        others = await at_once(resources, *(event("invoice.paid") for _ in range(5)))
        assert statuses(others) == ["processed"] * 5
        assert statuses(await waiting) == ["processed", "processed", "queued"]
    assert await count(conn, "webhook_retry_queue") == 1


async def test_one_that_is_alone_and_takes_too_long_is_queued_and_holds_nobody_up(
    database_url: str, conn: Connection, resources: Resources, user_id: UUID
) -> None:
    ours = event("customer.subscription.updated", id="sub_1", user_id=user_id)
    await at_once(resources, ours)
    async with await psycopg.AsyncConnection.connect(database_url) as shop:
        await shop.execute("select from subscriptions for update")
        began = time.monotonic()
        held = event("customer.subscription.updated", id="sub_1", user_id=user_id, at=5)
        waiting = asyncio.create_task(at_once(resources, held))
        while not await blocked(conn):
            pass
        assert statuses(await at_once(resources, event("invoice.paid"))) == ["processed"]
        assert not waiting.done()
        assert statuses(await waiting) == ["queued"]
        assert time.monotonic() - began < 2
    assert await count(conn, "webhook_events where status = 'failed'") == 1


async def blocked(conn: Connection) -> bool:
    return await count(conn, "pg_locks where not granted") > 0
