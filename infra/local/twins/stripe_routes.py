"""The part of Stripe's API that an integration reads: events and webhook endpoints."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import stripe
from aiohttp import web

from infra.local.twins.admin import Handler
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import Throttle
from infra.local.twins.stripe_api import KEPT, InvalidQueryError, ListQuery, api_key, listed, page, refusal
from infra.local.twins.stripe_objects import Object

if TYPE_CHECKING:
    from infra.local.twins.stripe import StripeTwin

KEY_SHOWN = 8  # characters of a wrong key in the answer


def routes(twin: "StripeTwin") -> list[web.RouteDef]:
    def answering(decide: Callable[["StripeTwin", web.Request], Reply]) -> Handler:
        async def handler(request: web.Request) -> web.StreamResponse:
            record = twin.journal.add(kind="api", path=request.path, query=request.query_string)
            exchange = Exchange(twin, request, record)
            return await exchange.run(lambda: refused(twin, request) or decide(twin, request))

        return handler

    return [
        web.get("/v1/events", answering(events)),
        web.get("/v1/events/{id}", answering(event)),
        web.get("/v1/webhook_endpoints", answering(webhook_endpoints)),
    ]


def refused(twin: "StripeTwin", request: web.Request) -> Reply | None:
    """What Stripe checks before it looks at the request: the key, then the rate."""
    key = api_key(request.headers.get("Authorization", ""))
    if key != twin.config.api_key:
        shown = f"Invalid API Key provided: {key[:KEY_SHOWN]}****" if key else "You did not provide an API key."
        return refusal(401, shown)
    now = twin.watch.mono()
    if twin.faults.take(Throttle) or twin.window.wait(now) > 0:
        words = "Request rate limit exceeded. Learn more at https://docs.stripe.com/rate-limits"
        return refusal(429, words, code="rate_limit")
    twin.window.take(now)
    return None


def events(twin: "StripeTwin", request: web.Request) -> Reply:
    oldest = twin.watch.wall() - KEPT
    kept = [each for each in reversed(twin.events) if each["created"] >= oldest]
    try:
        return answer(page(kept, ListQuery.parse(request.query)))
    except InvalidQueryError as error:
        return error.reply()


def event(twin: "StripeTwin", request: web.Request) -> Reply:
    found = twin.find(request.match_info["id"])
    if found is None:
        words = f"No such event: '{request.match_info['id']}'"
        return refusal(404, words, code="resource_missing", param="id")
    return answer(found)


def webhook_endpoints(twin: "StripeTwin", _: web.Request) -> Reply:
    endpoint: Object = {
        "id": twin.endpoint_id,
        "object": "webhook_endpoint",
        "api_version": stripe.api_version,
        "application": None,
        "created": int(twin.watch.wall()),
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled" if twin.is_enabled() else "disabled",
        "url": twin.config.webhook_url,
    }
    return answer(listed("/v1/webhook_endpoints", [endpoint]))


def answer(body: Object) -> Reply:
    return Reply(200, body, "answered", accepted=True)
