"""The admin function over HTTP-shaped calls, and the tasks behind the URL that it triggers them at."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from functions.admin.main import app
from functions.apply_decay.main import apply_decay
from functions.cleanup_stale.main import cleanup_stale
from functions.generate_summaries.main import generate_summaries
from functions.process_webhook_retries.main import process_webhook_retries
from shared import trigger
from shared.resources import Resources
from shared.web import App, Request, Response
from tests import nightshift


class Functions:
    """What the gateway does: `/<name>` is that function.

    Attributes:
        gate: while it is closed, no task answers.
        asked: the bodies that came in.
    """

    def __init__(self) -> None:
        self.apps: dict[str, App] = {
            "apply-decay": apply_decay,
            "cleanup-stale": cleanup_stale,
            "generate-summaries": generate_summaries,
            "process-webhook-retries": process_webhook_retries,
        }
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[dict[str, Any]] = []
        self.resources: Resources | None = None

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append(json.loads(body))
        await self.gate.wait()
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert self.resources
        answer = await self.apps[request.path.strip("/")](
            Request(request.method, request.path, headers, body=body), self.resources
        )
        return web.Response(body=answer.body, status=answer.status, headers=dict(answer.headers))


@pytest.fixture
async def functions() -> AsyncIterator[tuple[Functions, str]]:
    made = Functions()
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    made.gate.set()
    await runner.cleanup()


class Caller:
    """Calls with the service key."""

    def __init__(self, resources: Resources, tasks: Functions) -> None:
        self.resources, self.tasks = resources, tasks

    async def call(
        self, method: str, path: str, body: Any = None, key: str = nightshift.SERVICE_KEY, **query: Any
    ) -> Response:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        texts: Mapping[str, str] = {name: str(value) for name, value in query.items()}
        return await app(
            Request(method, f"/admin{path}", {"authorization": f"Bearer {key}"}, texts, raw), self.resources
        )

    async def get(self, path: str, **query: Any) -> Any:
        return self._content(await self.call("GET", path, **query))

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        return self._content(await self.call("POST", path, body, **query))

    def _content(self, response: Response) -> Any:
        assert response.status in (200, 202), response.body
        return nightshift.content(response)


@pytest.fixture
async def caller(
    database_url: str, functions: tuple[Functions, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Caller]:
    """A caller for whom a task on a busy machine is still an early one; tests of late ones say so."""
    monkeypatch.setattr(trigger, "EARLY", 30.0)
    tasks, url = functions
    made = Resources(nightshift.settings(database_url, functions_base_url=url))
    tasks.resources = made
    yield Caller(made, tasks)
    await made.close()
