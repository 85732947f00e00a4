"""The admin API, the same on every twin: records, stats, faults, reset."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import ValidationError

if TYPE_CHECKING:
    from infra.local.twins.server import HttpTwin

PAGE = 1_000  # records in one answer unless `limit` says otherwise
PAGE_MAX = 10_000
LOOPBACK_NAMES = {"127.0.0.1", "localhost"}

ADMIN = (
    "GET /_twin/records?since=N&limit=N",
    "GET /_twin/stats",
    "POST /_twin/faults",
    "DELETE /_twin/faults?kind=KIND",
    "POST /_twin/reset",
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_loopback_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A web page that resolves its own name to 127.0.0.1 must not read the mailbox."""
    if request.url.host not in LOOPBACK_NAMES:
        raise web.HTTPMisdirectedRequest(text="only 127.0.0.1 and localhost are served\n")
    return await handler(request)


def number(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, str(default))
    if not value.isdecimal():
        raise web.HTTPBadRequest(text=f"{name} is a whole number, not {value!r}\n")
    return int(value)


async def json_body(request: web.Request) -> bytes:
    """Only JSON by name: a form on some web page cannot send that without asking first."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json\n")
    return await request.read()


def unprocessable(error: ValidationError) -> web.Response:
    return web.Response(
        status=422, text=error.json(include_url=False, include_context=False), content_type="application/json"
    )


def routes(twin: "HttpTwin") -> list[web.RouteDef]:
    """`/_twin/...` for one twin."""

    async def records(request: web.Request) -> web.Response:
        limit = min(number(request, "limit", PAGE), PAGE_MAX)
        page = twin.journal.since(number(request, "since", 0), limit)
        last = page[-1]["n"] if page else twin.journal.last
        return web.json_response({"records": page, "last": last, "more": last < twin.journal.last})

    async def stats(_: web.Request) -> web.Response:
        return web.json_response({**twin.stats(), "faults": in_force(twin)})

    async def switch_on(request: web.Request) -> web.Response:
        try:
            fault = twin.faults_taken.validate_json(await json_body(request))
        except ValidationError as error:
            return unprocessable(error)
        twin.apply(fault)
        return web.json_response({"faults": in_force(twin)})

    async def switch_off(request: web.Request) -> web.Response:
        twin.clear_faults(request.query.get("kind"))
        return web.json_response({"faults": in_force(twin)})

    async def reset(_: web.Request) -> web.Response:
        twin.reset()
        return web.json_response({"ok": True})

    return [
        web.get("/_twin", overview(twin)),
        web.get("/_twin/records", records),
        web.get("/_twin/stats", stats),
        web.post("/_twin/faults", switch_on),
        web.delete("/_twin/faults", switch_off),
        web.post("/_twin/reset", reset),
    ]


def overview(twin: "HttpTwin") -> Handler:
    """For someone who opens the twin in a browser: what it is, and what can be asked of it."""

    async def show(_: web.Request) -> web.Response:
        what = {"twin": type(twin).__name__, "about": (twin.__doc__ or "").strip(), "stats": twin.stats()}
        return web.json_response({**what, "admin": ADMIN}, dumps=lambda body: json.dumps(body, indent=2))

    return show


def in_force(twin: "HttpTwin") -> list[dict[str, Any]]:
    return [active.fault.model_dump(mode="json", exclude_none=True) for active in twin.faults.active()]
