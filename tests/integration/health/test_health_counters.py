"""What all processes have counted, as Prometheus' own client reads it (spec, section 10)."""

import json
from collections.abc import AsyncIterator
from typing import LiteralString

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from psycopg.sql import SQL, Identifier

from functions.health.main import app
from shared.counters import BOUNDS, DELIVERIES, DURATIONS, RUNS, Counters, written
from shared.resources import Resources
from shared.web import Request
from tests import nightshift
from tests.nightshift import Connection

DEEP: dict[str, LiteralString] = {
    "pending_responses": """with one as (insert into users (telegram_id) values (1) returning id)
        insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)
        select one.id, n, repeat('x', 200), now() - n * interval '1 second' from one, generate_series(1, 20000) n""",
    "email_queue": """insert into email_queue (to_email, subject, text, created_at)
        select n || '@example.org', 's', repeat('x', 200), now() - n * interval '1 second'
        from generate_series(1, 20000) n""",
    "webhook_retry_queue": """insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, next_retry_at)
        select 'stripe', n, '{}', now() - n * interval '1 second' from generate_series(1, 20000) n""",
}


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()


async def scraped(resources: Resources) -> dict[str, Metric]:
    headers = {"authorization": f"Bearer {nightshift.SERVICE_KEY}"}
    response = await app(Request("GET", "/health/metrics", headers), resources)
    return {family.name: family for family in text_string_to_metric_families(response.body.decode())}


async def add(conn: Connection, sums: Counters) -> None:
    await conn.execute("select nightshift.count_up(%s)", [written(sums.sums)])


async def test_durations_are_a_histogram_with_every_bound(conn: Connection, resources: Resources) -> None:
    sums = Counters()
    for seconds in (0.05, 0.2, 20, 5000):
        sums.observe(DURATIONS, seconds, job="cleanup-stale")
    await add(conn, sums)
    family = (await scraped(resources))[DURATIONS]
    below = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    others = {sample.name: sample.value for sample in family.samples if not sample.name.endswith("_bucket")}
    assert family.type == "histogram"
    assert list(below) == [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
    assert [below[each] for each in ("0.1", "0.5", "15", "30", "900", "+Inf")] == [1, 2, 2, 3, 3, 4]
    assert others == {f"{DURATIONS}_sum": 5020.25, f"{DURATIONS}_count": 4}


async def test_jobs_are_told_apart(conn: Connection, resources: Resources) -> None:
    sums = Counters()
    for job in ("apply-decay", "cleanup-stale"):
        sums.run_ended(job, "success", 1)
    await add(conn, sums)
    families = await scraped(resources)
    counts = [sample for sample in families[DURATIONS].samples if sample.name.endswith("_count")]
    assert [(sample.labels["job"], sample.value) for sample in counts] == [("apply-decay", 1), ("cleanup-stale", 1)]


async def test_counters_only_grow(conn: Connection, resources: Resources) -> None:
    seen = []
    for _ in range(3):
        sums = Counters()
        sums.add(RUNS, job="a", status="success")
        await add(conn, sums)
        seen += [sample.value for sample in (await scraped(resources))[RUNS.removesuffix("_total")].samples]
    assert seen == [1, 2, 3]


async def test_every_counter_has_a_type_and_a_text(conn: Connection, resources: Resources) -> None:
    sums = Counters()
    sums.add(DELIVERIES, 2, queue="email_queue", fate="done")
    await add(conn, sums)
    family = (await scraped(resources))[DELIVERIES.removesuffix("_total")]
    assert (family.type, family.documentation) == ("counter", "Sends by queue and by how they ended.")


async def test_openings_of_the_breaker_are_a_counter(conn: Connection, resources: Resources) -> None:
    await conn.execute("update queues set openings = 3 where name = 'email_queue'")
    family = (await scraped(resources))["nightshift_queue_breaker_openings"]
    assert family.type == "counter"
    assert {sample.labels["queue"]: sample.value for sample in family.samples}["email_queue"] == 3


@pytest.mark.parametrize("queue", DEEP)
async def test_a_deep_queue_is_looked_into_and_not_read_through(conn: Connection, queue: str) -> None:
    await conn.execute(DEEP[queue])
    await conn.execute("vacuum analyze")
    looked = SQL("select * from nightshift.{}(100)").format(Identifier(f"depth_{queue}"))
    found = await (await conn.execute(looked)).fetchone() or {}  # and the catalogue is known from here on
    cursor = await conn.execute(SQL("explain (analyze, buffers, format json) ") + looked)
    [plan] = (await cursor.fetchone() or {})["QUERY PLAN"]
    assert (found["live"], found["due"], found["dead"]) == (100, 100, 0)
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 300  # of a thousand


async def test_every_queue_has_a_depth(conn: Connection) -> None:
    cursor = await conn.execute(
        "select q.name from queues q where not exists (select from nightshift.depth(q.name, 1))"
    )
    assert await cursor.fetchall() == []


async def test_a_counter_of_a_version_that_is_gone_does_no_harm(conn: Connection, resources: Resources) -> None:
    counts = json.dumps([{"name": "nightshift_former_total", "labels": {}, "value": 1}])
    await conn.execute("select nightshift.count_up(%s)", [counts])
    assert "nightshift_former" not in await scraped(resources)
