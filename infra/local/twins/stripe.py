"""A Stripe that emits events to a webhook endpoint and lists them over its API."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import stripe
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from infra.local.twins import admin
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import CommonFault, Fault, Throttle
from infra.local.twins.journal import Clock
from infra.local.twins.server import HttpTwin
from infra.local.twins.stripe_api import KEPT, InvalidQueryError, ListQuery, api_key, listed, page, refusal
from infra.local.twins.stripe_delivery import AT_ONCE, RETRIES, Batch, Courier, Emit, Post, Sleep
from infra.local.twins.stripe_events import snapshot
from infra.local.twins.stripe_objects import Object, new_id
from infra.local.twins.window import SlidingWindow

RATE = 25  # API requests a second in a sandbox; docs.stripe.com/rate-limits
KEY = "sk_test_local_twin"  # known to everyone by intention
SECRET = "whsec_local_twin"  # noqa: S105 - the same
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
        self.courier = Courier(self.config.webhook_url, self.config.secrets, self.watch, self.journal, self._is_enabled)
        self.courier.retries, self.courier.sleep = self.config.retries, self.config.sleep
        self.events: list[Object] = []
        self._window = SlidingWindow(*self.config.rate)
        self._endpoint_id = new_id("we")
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
        self._window = SlidingWindow(*self.config.rate)

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

    def resend(self, event_id: str) -> None:
        """Post a listed event once more, withheld or not, as the dashboard's button does."""
        event = next(event for event in self.events if event["id"] == event_id)
        self._post(event, Emit(type=event["type"], object=event["data"]["object"]), self._gate)

    async def settled(self) -> None:
        """Until everything that was started is delivered or given up, retries included."""
        await self.courier.finished()

    def _listed(self, emit: Emit) -> Object:
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

    def _is_enabled(self) -> bool:
        return self.faults.find(EndpointDisabled) is None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/events", self._answer(self._list)),
            web.get("/v1/events/{id}", self._answer(self._one)),
            web.get("/v1/webhook_endpoints", self._answer(self._endpoints)),
            web.post("/_twin/emit", self._emit_asked),
            web.post("/_twin/resend/{id}", self._resend_asked),
        ]

    def _answer(self, decide: Callable[[web.Request], Reply]) -> admin.Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            record = self.journal.add(kind="api", path=request.path, query=request.query_string)
            exchange = Exchange(self, request, record)
            return await exchange.run(lambda: self._gatekeeper(request) or decide(request))

        return handler

    def _gatekeeper(self, request: web.Request) -> Reply | None:
        key = api_key(request.headers.get("Authorization", ""))
        if key != self.config.api_key:
            words = f"Invalid API Key provided: {key[:8]}****" if key else "You did not provide an API key."
            return refusal(401, words)
        now = self.watch.mono()
        if self.faults.take(Throttle) or self._window.wait(now) > 0:
            words = "Request rate limit exceeded. Learn more at https://docs.stripe.com/rate-limits"
            return refusal(429, words, code="rate_limit")
        self._window.take(now)
        return None

    def _list(self, request: web.Request) -> Reply:
        oldest = self.watch.wall() - KEPT
        events = [event for event in reversed(self.events) if event["created"] >= oldest]
        try:
            return Reply(200, page(events, ListQuery.parse(request.query)), "answered", accepted=True)
        except InvalidQueryError as error:
            return error.reply()

    def _one(self, request: web.Request) -> Reply:
        wanted = request.match_info["id"]
        for event in self.events:
            if event["id"] == wanted:
                return Reply(200, event, "answered", accepted=True)
        return refusal(404, f"No such event: '{wanted}'", code="resource_missing", param="id")

    def _endpoints(self, _: web.Request) -> Reply:
        endpoint: Object = {
            "id": self._endpoint_id,
            "object": "webhook_endpoint",
            "api_version": stripe.api_version,
            "application": None,
            "created": int(self.watch.wall()),
            "description": None,
            "enabled_events": ["*"],
            "livemode": False,
            "metadata": {},
            "status": "enabled" if self._is_enabled() else "disabled",
            "url": self.config.webhook_url,
        }
        return Reply(200, listed("/v1/webhook_endpoints", [endpoint]), "answered", accepted=True)

    async def _emit_asked(self, request: web.Request) -> web.Response:
        try:
            batch = Batch.model_validate_json(await admin.json_body(request))
        except ValidationError as error:
            return admin.unprocessable(error)
        return web.json_response({"events": await self.emit_all(batch)})

    async def _resend_asked(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        if not any(event["id"] == wanted for event in self.events):
            raise web.HTTPNotFound(text=f"There is no event {wanted}.\n")
        self.resend(wanted)
        return web.json_response({"ok": True})
