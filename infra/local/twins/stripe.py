"""A Stripe that emits events to a webhook endpoint and lists them over its API."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from infra.local import keys
from infra.local.twins import admin, stripe_routes
from infra.local.twins.faults import CommonFault, Fault
from infra.local.twins.journal import Clock
from infra.local.twins.posting import Sleep
from infra.local.twins.server import HttpTwin
from infra.local.twins.stripe_delivery import AT_ONCE, RETRIES, Batch, Courier, Emit, Post
from infra.local.twins.stripe_events import snapshot
from infra.local.twins.stripe_objects import Object, new_id
from infra.local.twins.window import SlidingWindow

RATE = 25  # API requests a second in a sandbox; docs.stripe.com/rate-limits
KEY = keys.STRIPE_KEY
SECRET = "whsec_local_twin"  # noqa: S105 - known to everyone by intention
EVENTS_MAX = 100_000  # kept in memory; the oldest go first


@dataclass(frozen=True, slots=True)
class StripeConfig:
    """Where events go and how they are signed; several secrets stand for a rotation under way."""

    webhook_url: str = "http://127.0.0.1:8080/stripe-webhook"
    secrets: Sequence[str] = (SECRET,)
    api_key: str = KEY
    retries: Sequence[float] = RETRIES
    rate: tuple[int, float] = (RATE, 1.0)
    sleep: Sleep = asyncio.sleep


class EndpointDisabled(Fault):
    """The webhook endpoint is disabled: events are listed, and nothing is posted."""

    kind: Literal["endpoint_disabled"] = "endpoint_disabled"


class StripeTwin(HttpTwin):
    """Records are of kind `delivery` (accepted, refused, timeout, unreachable, disabled, withheld) or `api`."""

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(CommonFault | EndpointDisabled)

    def __init__(self, *, port: int = 0, config: StripeConfig | None = None, clock: Clock = time.monotonic) -> None:
        super().__init__(port=port, clock=clock)
        self.config = config or StripeConfig()
        self.courier = Courier(self.config.webhook_url, self.config.secrets, self.watch, self.journal, self.is_enabled)
        self.courier.retries, self.courier.sleep = self.config.retries, self.config.sleep
        self.events: list[Object] = []
        self.window = SlidingWindow(*self.config.rate)
        self.endpoint_id = new_id("we")
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def start(self) -> None:
        await self.courier.open()
        await super().start()

    async def stop(self) -> None:
        await self.courier.close()
        await super().stop()

    def reset(self) -> None:
        super().reset()
        self.events.clear()
        self.courier.drop()
        self.window = SlidingWindow(*self.config.rate)

    def stats(self) -> dict[str, Any]:
        pending = sum(event["pending_webhooks"] > 0 for event in self.events)
        return {**super().stats(), "events": len(self.events), "pending": pending}

    def emit(
        self,
        event_type: str,
        object: Object,  # noqa: A002 - Stripe's word
        *,
        created: int | None = None,
        id: str | None = None,  # noqa: A002
        **how: Any,
    ) -> Object:
        """List an event and start posting it; `how` as in `Emit`. `settled` waits for what was started."""
        emit = Emit(type=event_type, object=object, created=created, id=id, **how)
        event = self._listed(emit)
        self._post(event, emit, self._gate)
        return event

    async def emit_all(self, batch: Batch) -> list[Object]:
        """Events in the order given; posted in the batch's order."""
        pairs = [(self._listed(emit), emit) for emit in batch.events]
        gate = asyncio.Semaphore(batch.concurrency)
        tried = [post.tried for event, emit in self._ordered(batch, pairs) for post in self._post(event, emit, gate)]
        if batch.wait:
            await asyncio.gather(*(each.wait() for each in tried))
        return [event for event, _ in pairs]

    def find(self, event_id: str) -> Object | None:
        return next((event for event in self.events if event["id"] == event_id), None)

    def resend(self, event_id: str) -> None:
        """Post a listed event once more, withheld or not, as the dashboard's button does."""
        event = self.find(event_id)
        if event is None:
            raise LookupError(event_id)
        self._post(event, Emit(type=event["type"], object=event["data"]["object"]), self._gate)

    async def settled(self) -> None:
        """Until everything that was started is delivered or given up, retries included."""
        await self.courier.finished()

    def _listed(self, emit: Emit) -> Object:
        """A new event, or the listed one that has this id already: ids are given once."""
        known = self.find(emit.id) if emit.id else None
        if known:
            return known
        created = int(self.watch.wall()) if emit.created is None else emit.created
        event = snapshot(
            emit.type, emit.object, created=created, id=emit.id, previous_attributes=emit.previous_attributes
        )
        self.events.append(event)
        del self.events[:-EVENTS_MAX]
        return event

    def _ordered(self, batch: Batch, pairs: list[tuple[Object, Emit]]) -> list[tuple[Object, Emit]]:
        match batch.order:
            case "given":
                return pairs
            case "reversed":
                return pairs[::-1]
            case "shuffled":
                return self.random.sample(pairs, len(pairs))

    def _post(self, event: Object, emit: Emit, gate: asyncio.Semaphore) -> list[Post]:
        if emit.withhold:
            self.journal.add(kind="delivery", event_id=event["id"], type=emit.type, outcome="withheld")
            return []
        posts = [Post(event, emit, gate, asyncio.Event()) for _ in range(emit.copies)]
        for post in posts:
            self.courier.start(post)
        return posts

    def is_enabled(self) -> bool:
        return self.faults.find(EndpointDisabled) is None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", admin.overview(self)),
            *stripe_routes.routes(self),
            web.post("/_twin/emit", self._emit_asked),
            web.post("/_twin/resend/{id}", self._resend_asked),
        ]

    async def _emit_asked(self, request: web.Request) -> web.Response:
        try:
            batch = Batch.model_validate_json(await admin.json_body(request))
        except ValidationError as error:
            return admin.unprocessable(error)
        return web.json_response({"events": await self.emit_all(batch)})

    async def _resend_asked(self, request: web.Request) -> web.Response:
        try:
            self.resend(request.match_info["id"])
        except LookupError as error:
            raise web.HTTPNotFound(text=f"There is no event {error}.\n") from error
        return web.json_response({"ok": True})
