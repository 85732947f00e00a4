"""One request to a provider's API, from arrival to answer, with the faults in force on its way."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from infra.local.twins.faults import DropAfter, HangAfter, Key, Latency, Malformed, Outage
from infra.local.twins.journal import Record
from infra.local.twins.server import HttpTwin, silence

HTML = "<!doctype html><title>502 Bad Gateway</title><h1>Something in between answered instead</h1>"


@dataclass(slots=True)
class Reply:
    """What the provider decided: an answer, JSON or text as it is, and what the record says about it."""

    status: int
    body: Any
    outcome: str
    accepted: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    def response(self) -> web.Response:
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


@dataclass(slots=True)
class Exchange:
    """A request that has been read, and the key by which faults choose it (a chat, an address)."""

    twin: HttpTwin
    request: web.Request
    record: Record
    key: Key | None = None

    async def run(self, decide: Callable[[], Reply]) -> web.StreamResponse:
        """Decided at arrival; latency and lost answers come after acceptance, as on a real network."""
        outage = self.twin.faults.take(Outage, self.key)
        if outage:
            return await self._refuse(outage.fault.mode)
        malformed = self.twin.faults.take(Malformed, self.key)
        if malformed and not malformed.fault.accept:
            return self._page("malformed")
        reply = self._note(decide())
        await self._lose_answer(reply)
        if malformed:
            return self._page(reply.outcome)
        self.record["answered"] = True
        return reply.response()

    def _note(self, reply: Reply) -> Reply:
        self.record.update(outcome=reply.outcome, status=reply.status, **reply.fields)
        return reply

    async def _lose_answer(self, reply: Reply) -> None:
        faults = self.twin.faults
        if reply.accepted and faults.take(DropAfter, self.key):
            await self._hang_up()
        if reply.accepted and faults.take(HangAfter, self.key):
            await silence()
        latency = faults.take(Latency, self.key)
        if latency:
            await asyncio.sleep(latency.fault.delay(self.twin.random))

    async def _refuse(self, mode: str) -> web.StreamResponse:
        self.record["outcome"] = "outage"
        if mode == "hang":
            await silence()
        if mode == "drop":
            await self._hang_up()
        self.record.update(status=int(mode), answered=True)
        return web.Response(status=int(mode), text="provider outage\n")

    def _page(self, outcome: str) -> web.StreamResponse:
        self.record.update(outcome=outcome, status=200, answered=True)
        return web.Response(text=HTML, content_type="text/html")

    async def _hang_up(self) -> None:
        """Close without a byte; the loss of the connection then cancels this handler."""
        if self.request.transport:
            self.request.transport.close()
        await silence()
