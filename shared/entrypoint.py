"""The only module that knows Google Cloud and AWS: it turns their calls into `Request` and our `Response` back.

A function's `main.py` ends with `main, handler = entrypoint(app)`: `main` is Google's target (an ASGI function of
functions-framework), `handler` is Lambda's.
"""

import asyncio
import base64
import json
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from shared import traces
from shared.errors import ConfigurationError, NightshiftError, TooLargeError
from shared.resources import Resources
from shared.web import App, Request, Response, problem

if TYPE_CHECKING:
    from types import FrameType

    from starlette.requests import Request as GoogleRequest
    from starlette.types import Receive, Scope, Send

Google = Callable[["GoogleRequest"], Awaitable["Sent"]]
Lambda = Callable[[dict[str, Any], Any], dict[str, Any]]
MILLISECONDS = 1000
TICK_HEADER = "x-cloudscheduler-scheduletime"  # RFC 3339, in UTC (Cloud Scheduler's API, HttpTarget)
NOTICE = 2.0  # seconds between a platform's SIGTERM and the end that running work reckons with; Google grants 10


@cache
def resources() -> Resources:
    """The process's resources; both clouds keep the process, and so these, between calls."""
    return Resources()


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Lambda's one event loop for the life of the process: pools live in it."""
    return asyncio.new_event_loop()


@cache
def heed_notice(held: Resources) -> None:
    """Tell running work when the platform wants this process to end, so that it settles what it has begun.

    Only where a server heeds SIGTERM, which it goes on to do: where none does, the signal is the end itself.
    """
    heeded = signal.getsignal(signal.SIGTERM)
    if not callable(heeded) or threading.current_thread() is not threading.main_thread():
        return

    def heed(number: int, frame: "FrameType | None") -> None:
        held.ends_at = min(held.ends_at, time.monotonic() + NOTICE)
        heeded(number, frame)

    signal.signal(signal.SIGTERM, heed)


def entrypoint(app: App) -> tuple[Google, Lambda]:
    """The two entry points of one function."""

    async def main(request: "GoogleRequest") -> Sent:
        return Sent(await _google(app, request))

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if messages := queued(event):
            return {"batchItemFailures": [failure for each in messages for failure in _one(app, each, context)]}
        request = from_lambda(event, context)
        answer = loop().run_until_complete(_respond(app, request))
        return to_lambda(answer) if "requestContext" in event else direct(answer)

    return main, handler


class Sent:
    """An answer as ASGI sends it. Starlette's own looks for what ours never has: cookies, background work."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:  # noqa: ARG002 - ASGI's shape
        answer = self.answer
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


async def _google(app: App, request: "GoogleRequest") -> Response:
    try:
        heed_notice(resources())
        body = await _body(request, app.max_body)
    except (ConfigurationError, TooLargeError) as error:
        return problem(error)
    return await _respond(app, from_google(request.scope, body))


def from_google(scope: Mapping[str, Any], body: bytes) -> Request:
    """An ASGI scope as a request. Starlette's own views of it cost more than all that a short answer needs."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    # Google appends the address that it saw; what stands before it is the caller's own claim.
    remote = headers.get("x-forwarded-for", "").split(",")[-1].strip() or (scope["client"] or ("unknown",))[0]
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    path = scope.get("raw_path") or scope["path"].encode()
    tick_time = headers.get(TICK_HEADER)
    return Request(scope["method"], path.decode("latin-1"), headers, query, body, remote, scheduled_for=tick_time)


async def _body(request: "GoogleRequest", limit: int) -> bytes:
    """Read a body, but never more than the limit of it."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLargeError(f"The body may have {limit} bytes at most.")
        parts.append(part)
    return b"".join(parts)


async def _respond(app: App, request: Request) -> Response:
    began = time.monotonic()
    try:
        answer = await app(request, resources())
    except ConfigurationError as error:
        return problem(error)
    left = None if request.seconds_left is None else request.seconds_left - (time.monotonic() - began)
    await traces.flush(left)
    return answer


def from_lambda(event: dict[str, Any], context: Any) -> Request:
    """An HTTP API (payload 2.0) or function URL event as a request; anything else is the cloud's own doing."""
    left = context.get_remaining_time_in_millis() / MILLISECONDS
    if "requestContext" not in event:
        content = event if "Records" in event else tick(event)  # what a topic delivers is handed on as it is
        return Request("POST", "/", body=json.dumps(content).encode(), seconds_left=left, trusted=True)
    http = event["requestContext"]["http"]
    raw = event.get("body") or ""
    return Request(
        method=http["method"],
        path=event.get("rawPath", "/"),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()} | cookies(event),
        query=event.get("queryStringParameters") or {},
        body=base64.b64decode(raw) if event.get("isBase64Encoded") else raw.encode(),
        remote=http.get("sourceIp", "unknown"),
        seconds_left=left,
    )


def cookies(event: dict[str, Any]) -> dict[str, str]:
    """The cookies of an HTTP event, which payload 2.0 keeps apart, as the header that they came in."""
    return {"cookie": "; ".join(event["cookies"])} if event.get("cookies") else {}


def queued(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of an SQS queue, which start a run each (`shared.fan_out`); none of any other event."""
    return [each for each in event.get("Records", ()) if each.get("eventSource") == "aws:sqs"]


def _one(app: App, message: dict[str, Any], context: Any) -> list[dict[str, str]]:
    """Run for one message; its name where that failed, so that SQS hands out this one again and no other."""
    left = context.get_remaining_time_in_millis() / MILLISECONDS
    given = message.get("messageAttributes", {})
    headers = {name: each["stringValue"] for name, each in given.items() if "stringValue" in each}
    request = Request("POST", "/", headers, body=message["body"].encode(), seconds_left=left, trusted=True)
    answer = loop().run_until_complete(_respond(app, request))
    failed = answer.status >= 400  # noqa: PLR2004 - HTTP's own boundary
    return [{"itemIdentifier": message["messageId"]}] if failed else []


def tick(event: dict[str, Any]) -> dict[str, Any]:
    """EventBridge's event (its `time`), or our own body sent by EventBridge Scheduler or by hand."""
    given = {name: event[name] for name in ("scheduled_for", "trigger", "run_id") if event.get(name)}
    return {"scheduled_for": event["time"], **given} if event.get("time") else given


def to_lambda(answer: Response) -> dict[str, Any]:
    headers = dict(answer.headers)
    given = {"cookies": [headers.pop("set-cookie")]} if "set-cookie" in headers else {}
    body = {"body": base64.b64encode(answer.body).decode(), "isBase64Encoded": True}
    return {"statusCode": answer.status, "headers": headers, **given, **body}


def direct(answer: Response) -> dict[str, Any]:
    """The answer to a direct invocation; a failed one raises, so that Lambda counts and reports it."""
    content: dict[str, Any] = json.loads(answer.body)
    if answer.status >= 400:  # noqa: PLR2004 - HTTP's own boundary
        raise NightshiftError(content["detail"], **{k: v for k, v in content.items() if k == "run_id"})
    return content
