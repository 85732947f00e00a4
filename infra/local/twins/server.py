"""What every HTTP twin is made of: one loopback listener, a journal, a fault board, the admin API."""

import asyncio
import time
from random import Random
from types import TracebackType
from typing import Any, ClassVar, Self

from aiohttp import web
from pydantic import TypeAdapter

from infra.local.twins import admin
from infra.local.twins.faults import CommonFault, Fault, FaultBoard
from infra.local.twins.journal import Clock, Journal, Watch

HOST = "127.0.0.1"  # twins know no secrets worth having, and still are nobody else's business
MAX_BODY = 1024 * 1024 * 10  # bytes of one request
CLOSING = 0.2  # seconds that open requests get at the end; hanging ones never end by themselves


class HttpTwin:
    """An async context manager: entered, it listens; left, its port is free again."""

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(CommonFault)
    max_body: ClassVar[int] = MAX_BODY

    def __init__(self, *, port: int = 0, clock: Clock = time.monotonic) -> None:
        self.port = port
        self.watch = Watch(clock)
        self.journal = Journal(self.watch)
        self.faults = FaultBoard(self.watch)
        self.random = Random()  # noqa: S311 - jitter, not a secret
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def routes(self) -> list[web.RouteDef]:
        """The provider's own paths."""
        raise NotImplementedError

    def stats(self) -> dict[str, Any]:
        """Counts for the admin API; twins add their own."""
        return {"total": self.journal.last, "outcomes": self.journal.outcomes()}

    def apply(self, fault: Fault) -> None:
        """Switch a fault on; twins override it for faults that change state instead of requests."""
        self.faults.add(fault)

    def clear_faults(self, kind: str | None = None) -> None:
        self.faults.clear(kind)

    def reset(self) -> None:
        """Forget everything, as if just started."""
        self.journal.clear()
        self.clear_faults()

    async def start(self) -> None:
        app = web.Application(client_max_size=self.max_body, middlewares=[admin.only_loopback_names])
        app.add_routes([*admin.routes(self), *self.routes()])
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=CLOSING)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def silence() -> None:
    """Never answer: ends only when the client leaves and the handler is cancelled."""
    await asyncio.Event().wait()
