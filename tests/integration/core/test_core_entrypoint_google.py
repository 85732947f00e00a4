"""One function under Google's framework, the real one (spec, section 11)."""

from collections.abc import AsyncIterator
from typing import Any

import functions_framework.aio
import httpx
import pytest

from shared import entrypoint
from tests.integration.core.test_core_entrypoint import AT, KEY, environment
from tests.lambda_runtime import ROOT
from tests.nightshift import Connection


@pytest.fixture
async def google(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """cleanup-stale under Google's framework, as `functions-framework --asgi` serves it."""
    for name, value in environment(database_url).items():
        monkeypatch.setenv(name, value)
    entrypoint.resources.cache_clear()
    create: Any = functions_framework.aio.create_asgi_app
    app = create("main", str(ROOT / "functions" / "cleanup_stale" / "main.py"), "http")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://google.test") as client:
        yield client
    await entrypoint.resources().close()
    entrypoint.resources.cache_clear()


async def test_google_answers_a_scheduler(google: httpx.AsyncClient) -> None:
    response = await google.post("/", json={"scheduled_for": AT}, headers=KEY)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json()["status"] == "success"


@pytest.mark.parametrize("path", ["/", "/cleanup-stale", "/cleanup-stale/"])
async def test_google_answers_with_and_without_the_name_in_the_path(google: httpx.AsyncClient, path: str) -> None:
    assert (await google.post(path, headers=KEY)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/", {}, 401),
        ("GET", "/", KEY, 405),
        ("POST", "/elsewhere", KEY, 404),
    ],
)
async def test_google_answers_problems_as_such(
    google: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = await google.request(method, path, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status


async def test_google_stops_reading_a_body_that_is_too_large(google: httpx.AsyncClient) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield b" " * 65_536

    response = await google.post("/", content=endless(), headers=KEY)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"


async def test_google_locks_out_the_address_that_it_saw_whatever_the_caller_claims(google: httpx.AsyncClient) -> None:
    for number in range(12):
        headers = {"authorization": "Bearer wrong", "x-forwarded-for": f"10.0.0.{number}, 192.0.2.1"}
        await google.post("/", headers=headers)
    wrong = {"authorization": "Bearer wrong"}
    locked = await google.post("/", headers={**wrong, "x-forwarded-for": "10.0.0.99, 192.0.2.1"})
    free = await google.post("/", headers={**wrong, "x-forwarded-for": "10.0.0.1, 192.0.2.2"})
    assert (locked.status_code, free.status_code) == (429, 401)


async def test_a_google_timers_header_is_the_time_of_its_tick(google: httpx.AsyncClient, conn: Connection) -> None:
    await google.post("/", headers={**KEY, "X-CloudScheduler-ScheduleTime": AT})
    rows = await (await conn.execute("select run_key from job_history")).fetchall()
    assert [row["run_key"] for row in rows] == ["2026-01-02"]


async def test_a_body_that_names_its_time_means_it(google: httpx.AsyncClient, conn: Connection) -> None:
    headers = {**KEY, "X-CloudScheduler-ScheduleTime": AT}
    await google.post("/", json={"scheduled_for": "2026-02-03T00:00:00Z"}, headers=headers)
    await google.post("/", json={"trigger": "admin"}, headers=headers)
    rows = await (await conn.execute("select run_key, trigger from job_history order by started_at")).fetchall()
    assert [(row["run_key"], row["trigger"]) for row in rows] == [("2026-02-03", "schedule"), ("2026-01-02", "admin")]


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-02T03:04:05", ""])
async def test_a_timers_header_that_is_no_time_runs_nothing(google: httpx.AsyncClient, moment: str) -> None:
    response = await google.post("/", headers={**KEY, "X-CloudScheduler-ScheduleTime": moment})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
