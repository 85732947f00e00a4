"""The scheduler against a real HTTP server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from infra.local.gateway import Gateway
from infra.local.plan import remembered
from infra.local.program import free_port
from infra.local.scheduler import Scheduler
from shared.table import Entry


def entry(name: str) -> Entry:
    row = {"handler": f"functions/{name}/main.handler", "description": "Works.", "timeout": 9, "memorySize": 128}
    return Entry.model_validate({**row, "name": name, "schedules": [{"expression": "rate(1 minute)"}]})


STATUS = {"broken": 500, "bad": 502, "refusing": 400}


class Functions:
    """Notes the calls; a function named `slow` answers only when it is let go."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.seen, self.go = asyncio.Semaphore(0), asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.calls.append((name, request.headers["Authorization"], await request.json()))
        self.seen.release()
        if name == "slow":
            await self.go.wait()
        return web.json_response({}, status=STATUS.get(name, 200))


@pytest.fixture
async def functions() -> Functions:
    return Functions()


@asynccontextmanager
async def serving(functions: Functions, port: int) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/{name}", functions.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield
    functions.go.set()
    await runner.cleanup()


@pytest.fixture
async def base(functions: Functions) -> AsyncIterator[str]:
    port = free_port()
    async with serving(functions, port):
        yield f"http://127.0.0.1:{port}"


async def test_ac_t2_4_2_and_3_a_tick_is_the_call_that_the_clouds_make(
    base: str, functions: Functions, tmp_path: Path
) -> None:
    running = asyncio.create_task(Scheduler([entry("task")], base, "key", tmp_path).run())
    await functions.seen.acquire()
    running.cancel()
    name, authorization, body = functions.calls[0]
    assert (name, authorization) == ("task", "Bearer key")
    assert body["trigger"] == "schedule"
    assert datetime.fromisoformat(body["scheduled_for"]).second == 0
    assert remembered(tmp_path / "scheduler.json").keys() == {"task"}


async def test_a_slow_function_holds_nothing_up(base: str, functions: Functions, tmp_path: Path) -> None:
    scheduler = Scheduler([entry("slow"), entry("quick")], base, "key", tmp_path)
    async with ClientSession() as session:
        scheduler.fire_due(session, datetime(2026, 1, 1, 0, 0, tzinfo=UTC))
        scheduler.fire_due(session, datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
        for _ in range(4):
            await functions.seen.acquire()
        functions.go.set()
        await asyncio.gather(*scheduler.calls)
    assert sorted(name for name, _, _ in functions.calls) == ["quick", "quick", "slow", "slow"]


async def test_ticks_are_fired_where_nothing_can_be_written(base: str, functions: Functions, tmp_path: Path) -> None:
    (tmp_path / "scheduler.part").mkdir()
    (tmp_path / "logs" / "scheduler.log").mkdir(parents=True)
    running = asyncio.create_task(Scheduler([entry("task")], base, "key", tmp_path).run())
    await functions.seen.acquire()
    assert not running.done()
    running.cancel()


async def test_a_failure_of_the_scheduler_itself_is_noted_and_it_goes_on(
    base: str, functions: Functions, tmp_path: Path
) -> None:
    scheduler = Scheduler([entry("task")], base, "key", tmp_path)
    scheduler.plan.fired["task"] = datetime(2026, 1, 1)  # noqa: DTZ001 - compared with a tick it raises TypeError
    async with ClientSession() as session:
        assert scheduler.look(session) > 0
        assert "TypeError" in scheduler.log.read_text()
        scheduler.plan.fired.clear()
        scheduler.look(session)
        await functions.seen.acquire()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions without a pause."""
    monkeypatch.setattr("infra.local.scheduler.AGAIN", (0.0,))


@pytest.mark.usefixtures("at_once")
async def test_a_tick_that_meets_no_function_is_fired_again(functions: Functions, tmp_path: Path) -> None:
    refused, port, tick = asyncio.Semaphore(0), free_port(), datetime(2026, 1, 1, tzinfo=UTC)

    def up(name: str) -> bool:
        """Asked by the gateway about a function that it could not reach."""
        refused.release()
        return False

    gateway, front = Gateway({"task": (port, 5.0)}, up), free_port()
    await gateway.start(front)
    scheduler = Scheduler([], f"http://127.0.0.1:{front}", "key", tmp_path)
    async with ClientSession() as session:
        firing = asyncio.create_task(scheduler.fire(session, entry("task"), tick))
        for _ in range(2):
            await refused.acquire()
        async with serving(functions, port):
            await firing
    await gateway.stop()
    assert [body["scheduled_for"] for _, _, body in functions.calls] == ["2026-01-01T00:00:00Z"]
    lines = [json.loads(line) for line in scheduler.log.read_text().splitlines()]
    assert [line["status"] for line in lines[:2]] == [502, 502]
    assert lines[-1]["status"] == 200


@pytest.mark.usefixtures("at_once")
async def test_a_tick_is_given_up_when_the_next_one_has_come(tmp_path: Path) -> None:
    scheduler = Scheduler([], f"http://127.0.0.1:{free_port()}", "key", tmp_path)
    scheduler.plan.fired["gone"] = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    async with ClientSession() as session:
        await scheduler.fire(session, entry("gone"), datetime(2026, 1, 1, 0, 0, tzinfo=UTC))
    assert len(scheduler.log.read_text().splitlines()) == 1


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", STATUS)
async def test_a_function_that_fails_is_not_called_again(
    base: str, functions: Functions, tmp_path: Path, name: str
) -> None:
    gateway, front = Gateway({name: (int(base.rpartition(":")[2]), 5.0)}, lambda _: True), free_port()
    await gateway.start(front)
    scheduler = Scheduler([], f"http://127.0.0.1:{front}", "key", tmp_path)
    async with ClientSession() as session:
        await scheduler.fire(session, entry(name), datetime(2026, 1, 1, tzinfo=UTC))
    await gateway.stop()
    assert len(functions.calls) == 1


async def test_outcomes_are_logged_as_json_lines(
    base: str, functions: Functions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.scheduler.GIVE_UP", 0.0)
    scheduler = Scheduler([], base, "key", tmp_path)
    tick = datetime(2026, 1, 1, tzinfo=UTC)
    async with ClientSession() as session:
        await scheduler.fire(session, entry("task"), tick)
        await scheduler.fire(session, entry("broken"), tick)
        scheduler.base = f"http://127.0.0.1:{free_port()}"
        await scheduler.fire(session, entry("gone"), tick)
    lines = [json.loads(line) for line in (tmp_path / "logs" / "scheduler.log").read_text().splitlines()]
    assert [(line["task"], line["severity"]) for line in lines] == [
        ("task", "INFO"),
        ("broken", "ERROR"),
        ("gone", "ERROR"),
    ]
    assert lines[1]["status"] == 500
