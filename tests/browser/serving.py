"""Every function over real HTTP at one address, as the gateway serves them, in the test's own event loop."""

import asyncio
import contextlib
import importlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

import uvicorn
from pydantic import SecretStr

from shared import table
from shared.entrypoint import Sent, from_google
from shared.errors import NotFoundError
from shared.resources import Resources
from shared.web import App, Request, Response, problem
from tests import nightshift
from tests.players import SECRET as TOKENS


class Served:
    """The functions as they are served.

    Attributes:
        url: `http://127.0.0.1:<port>`.
        resources: what all of them hold.
        gate: while it is closed, no task answers.
    """

    def __init__(self, url: str, resources: Resources) -> None:
        self.url, self.resources = url, resources
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        request = from_google(scope, await body(receive))
        await Sent(await self.answer(request))(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        name = request.path.strip("/").partition("/")[0]
        if name not in table.load():
            return problem(NotFoundError("There is no such function."))
        if table.lookup(name).schedules:
            await self.gate.wait()
        return await function(name)(request, self.resources)


async def body(receive: Callable[[], Awaitable[Any]]) -> bytes:
    parts = b""
    while (message := await receive())["type"] == "http.request":
        parts += message.get("body", b"")
        if not message.get("more_body"):
            break
    return parts


@cache
def function(name: str) -> App:
    module = importlib.import_module(f"functions.{table.folder_of(name)}.main")
    return next(value for value in vars(module).values() if isinstance(value, App))


@contextlib.asynccontextmanager
async def serving(database_url: str, redis_url: str | None, **settings: Any) -> AsyncIterator[Served]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever comes before the server is ready waits for it
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        given = {"redis_url": SecretStr(redis_url) if redis_url else None, "jwt_secret": TOKENS, **settings}
        made = Resources(nightshift.settings(database_url, functions_base_url=url, **given))
        served = Served(url, made)
        server = uvicorn.Server(uvicorn.Config(served, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield served
        served.gate.set()
        server.should_exit = True
        await running
        await made.close()
