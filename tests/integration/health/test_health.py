"""Liveness, readiness, metrics (spec, sections 10 and 11)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.health import checks, metrics
from functions.health.main import app
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift
from tests.nightshift import Connection

NOWHERE = "127.0.0.1:1"  # nothing listens on port 1
Made = Callable[..., Resources]


@pytest.fixture
async def made(database_url: str) -> AsyncIterator[Made]:
    """Resources on this test's database, with other settings where wanted; closed afterwards."""
    async with AsyncExitStack() as stack:

        def make(url: str = database_url, **overrides: Any) -> Resources:
            resources = Resources(nightshift.settings(url, **overrides))
            stack.push_async_callback(resources.close)
            return resources

        yield make


async def get(resources: Resources, path: str, key: str | None = None) -> Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return await app(Request("GET", f"/health{path}", headers), resources)


def parsed(text: str) -> dict[str, float]:
    """The samples as Prometheus' own client reads them."""
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(found) == sum(not line.startswith("#") for line in text.splitlines())
    return {sample.name + labelled(sample.labels): sample.value for sample in found}


def labelled(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""


@pytest.mark.parametrize("url", [None, f"postgresql://nobody@{NOWHERE}/none"])
async def test_livez_answers_whatever_the_database_does(made: Made, url: str | None) -> None:
    response = await get(made(url) if url else made(), "/livez")
    assert (response.status, nightshift.content(response)) == (200, {"status": "alive"})


@pytest.mark.parametrize("path", ["", "/", "/readyz"])
async def test_it_is_ready_with_a_migrated_database(made: Made, path: str) -> None:
    response = await get(made(), path)
    content = nightshift.content(response)
    assert (response.status, content["status"]) == (200, "ready")
    assert content["checks"]["database"]["detail"].startswith("migrated to ")
    assert content["checks"]["limiter"]["detail"] == "postgresql"


async def test_it_is_not_ready_without_the_database_and_says_so_soon(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 0.2)
    began = time.monotonic()
    response = await get(made(f"postgresql://joe:secret@{NOWHERE}/none"), "/readyz")
    content = nightshift.content(response)
    assert (response.status, content["status"]) == (503, "not ready")
    assert content["checks"]["database"]["ok"] is False
    assert time.monotonic() - began < 2
    assert b"secret" not in response.body


async def test_it_is_not_ready_before_the_first_migration_and_names_the_command(
    made: Made, empty_database_url: str
) -> None:
    response = await get(made(empty_database_url), "/readyz")
    assert response.status == 503
    assert "nightshift migrate" in nightshift.content(response)["checks"]["database"]["detail"]


async def test_redis_limits_where_it_is_configured(made: Made, redis_url: str) -> None:
    content = nightshift.content(await get(made(redis_url=redis_url), "/readyz"))
    assert content["checks"]["limiter"]["detail"] == "redis"


async def test_redis_gone_is_not_fatal_but_told(made: Made) -> None:
    response = await get(made(redis_url=f"redis://{NOWHERE}/0"), "/readyz")
    limiter = nightshift.content(response)["checks"]["limiter"]
    assert (response.status, limiter["ok"]) == (200, True)
    assert limiter["detail"] == "postgresql, since redis does not answer"


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_metrics_want_the_service_key(made: Made, key: str | None) -> None:
    assert (await get(made(), "/metrics", key)).status == 401


async def test_metrics_count_queues_runs_and_connections_as_prometheus_reads_them(conn: Connection, made: Made) -> None:
    await nightshift.reply(conn, 1, due_in=-60)
    await nightshift.reply(conn, 2, due_in=3600)
    await conn.execute("update queues set paused_at = now() where name = 'email_queue'")
    await conn.execute(
        """insert into job_history (job_name) values (E'odd "job" with a \\\\ in it'), ('cleanup-stale')"""
    )
    response = await get(made(), "/metrics", nightshift.SERVICE_KEY)
    found = parsed(response.body.decode())
    assert response.headers["content-type"] == "text/plain; version=0.0.4"
    assert found['nightshift_queue_live{queue="pending_responses"}'] == 2
    assert found['nightshift_queue_due{queue="pending_responses"}'] == 1
    assert 60 <= found['nightshift_queue_oldest_due_seconds{queue="pending_responses"}'] < 120
    assert found['nightshift_queue_paused{queue="email_queue"}'] == 1
    assert found['nightshift_runs_last_hour{job="cleanup-stale",status="running"}'] == 1
    assert found["nightshift_pool_size"] >= 1


async def test_ac_t11_5_metrics_tell_of_the_pool(conn: Connection, made: Made) -> None:
    """AC-T11.5: its size, who uses it, who waits for it and for how long (seed 002)."""
    resources = made(db_pool_min=1, db_pool_max=2)
    async with resources.db.transaction(), resources.db.transaction():
        waiting = [asyncio.create_task(resources.db.rows(b"select 1")) for _ in range(3)]
        async with asyncio.timeout(4):
            while resources.db.stats()["requests_waiting"] < len(waiting):
                await conn.execute("select")
        before = {name: value for name, _, value in metrics._pool(resources)}
    await asyncio.gather(*waiting)
    after = parsed((await get(resources, "/metrics", nightshift.SERVICE_KEY)).body.decode())
    assert [before[f"nightshift_pool_{name}"] for name in ("min", "max", "size", "idle", "waiting")] == [1, 2, 2, 0, 3]
    assert [after[f"nightshift_pool_{name}"] for name in ("size", "waiting", "refused_total")] == [2, 0, 0]
    assert after["nightshift_pool_waits_total"] >= 3
    assert after["nightshift_pool_requests_total"] >= 7
    assert {f"nightshift_pool_{name}" for name in metrics.POOL} <= after.keys()


async def test_a_deep_queue_is_counted_only_up_to_the_cap(
    conn: Connection, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CAP", 2)
    for chat in range(3):
        await nightshift.reply(conn, chat)
    found = parsed((await get(made(), "/metrics", nightshift.SERVICE_KEY)).body.decode())
    assert found['nightshift_queue_live{queue="pending_responses"}'] == 2


async def test_metrics_without_the_database_are_503(made: Made) -> None:
    gone = made(f"postgresql://nobody@{NOWHERE}/none", db_timeout="200ms")
    response = await get(gone, "/metrics", nightshift.SERVICE_KEY)
    assert (response.status, response.headers["content-type"]) == (503, "application/problem+json")


async def test_another_path_is_404_and_another_method_405(made: Made) -> None:
    assert (await get(made(), "/liveness")).status == 404
    assert (await app(Request("POST", "/health/livez"), made())).status == 405
