"""HTTP as Nightshift's functions see it: one request type, one answer type, routes, problem answers.

`entrypoint.py` translates both clouds into these, so a function never knows where it runs.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote
from uuid import UUID

from pydantic import BaseModel, ValidationError

from shared import log, traces
from shared.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NightshiftError,
    NotFoundError,
    TooLargeError,
    UnauthorizedError,
    UnprocessableError,
)

if TYPE_CHECKING:
    from shared.resources import Resources

MAX_BODY = 1 << 20  # bytes; larger bodies are refused with 413 before they are read
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, or one direct invocation by the cloud.

    Attributes:
        headers: by lower-case name.
        body: the raw bytes as sent (base64 of API Gateway undone): signatures are computed over them.
        seconds_left: what the platform still grants this invocation; None where it does not say.
        trusted: the cloud's own identity has already admitted the caller (a direct Lambda invocation).
        scheduled_for: the time of its tick, as the cloud's timer says it beside the body; None where none does.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    remote: str = "unknown"
    seconds_left: float | None = None
    trusted: bool = False
    scheduled_for: str | None = None

    def parse(self, model: type[Body]) -> Body:
        """The body as a validated model.

        Raises:
            BadRequestError: the body is not JSON.
            UnprocessableError: names each field that is wrong.
        """
        try:
            return model.model_validate(json.loads(self.body))
        except ValidationError as error:
            raise UnprocessableError("The body is not as expected.", errors=faults(error)) from None
        except (ValueError, RecursionError):
            raise BadRequestError("The body is not valid JSON.") from None


@dataclass(frozen=True, slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a guard has let in.

    Attributes:
        name: as the audit log names them: which key or user, never the key or the token.
        user: the `users.id` of somebody who came with a user's token.
    """

    name: str = "anyone"
    user: UUID | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through a route: what the process holds, the path's parameters, who calls."""

    request: Request
    resources: "Resources"
    params: Mapping[str, str] = field(default_factory=dict)
    caller: Caller = field(default_factory=Caller)

    @property
    def user(self) -> UUID:
        """The player whose token this call came with; the route's guard is `shared.identity.user`.

        Raises:
            UnauthorizedError: it came without one.
        """
        if self.caller.user is None:
            raise UnauthorizedError("This path wants a user's token.")
        return self.caller.user

    def query(self, model: type[Body]) -> Body:
        """The query parameters as a validated model.

        Raises:
            UnprocessableError: names each parameter that is wrong.
        """
        try:
            return model.model_validate(dict(self.request.query))
        except ValidationError as error:
            raise UnprocessableError("The query parameters are not as expected.", errors=faults(error)) from None

    def body(self, model: type[Body]) -> Body:
        """The body as a validated model; none is the same as an empty object.

        Raises:
            BadRequestError: it is not JSON.
            UnprocessableError: names each field that is wrong.
        """
        return (
            self.request.parse(model) if self.request.body.strip() else replace(self.request, body=b"{}").parse(model)
        )

    def uuid(self, name: str) -> UUID:
        """A path parameter as a UUID; anything else names nothing that exists."""
        try:
            return UUID(self.params[name])
        except ValueError:
            raise NotFoundError(f"There is no {name} of that id.") from None


Handler = Callable[[Call], Awaitable[Response]]
Guard = Callable[[Call], Awaitable[Caller | None]]  # says who calls, where that can be known, or raises
Refusal = Callable[[Request, NightshiftError], Response]
Answers = Mapping[int, type[BaseModel] | None]
OK: Answers = {200: None}
JSON, DOCUMENT = "application/json", "/openapi.json"


@dataclass(frozen=True, slots=True)
class Route:
    """One path and what it takes.

    Attributes:
        template: the path below the function's name, `{word}` for one segment.
        query, body: what a caller may send; the OpenAPI document says so.
        answers: what comes back by status, as a model where there is one.
        raises: errors of the handler's own, besides those that follow from guard, path, query and body.
        media: the content type of what comes back.
    """

    method: str
    template: str
    pattern: re.Pattern[str]
    guard: Guard
    handler: Handler
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    answers: Answers
    raises: tuple[type[NightshiftError], ...]
    media: str


class App:
    """One deployed function: its name and its routes.

    Paths are matched with and without the leading `/<name>`, since one cloud strips it and the other does not.
    `refusal` says how an error is answered (with a problem document by default), `params` what the parameters of its
    paths are, by name (text where nothing is said).
    """

    def __init__(
        self,
        name: str,
        *,
        max_body: int = MAX_BODY,
        refusal: "Refusal | None" = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.max_body = max_body
        self.refusal = refusal or in_json
        self.params = params or {}
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        template: str,
        *,
        guard: Guard,
        query: type[BaseModel] | None = None,
        body: type[BaseModel] | None = None,
        answers: Answers = OK,
        raises: tuple[type[NightshiftError], ...] = (),
        media: str = JSON,
    ) -> Callable[[Handler], Handler]:
        """Register a handler; `{word}` in the template matches one path segment.

        What it takes is said here for the OpenAPI document, and read by the handler: `call.query(…)`, `call.body(…)`.
        """
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, template, pattern, guard, handler, query, body, answers, raises, media))
            return handler

        return register

    async def __call__(self, request: Request, resources: "Resources") -> Response:
        """Answer one request; every error becomes an answer, the unexpected ones are logged."""
        request_id = request.headers.get("x-request-id", "")[:64] or token_hex(16)
        log.clear()
        with traces.serving(self.name, request.headers, trusted=request.trusted) as span:
            log.bind(function=self.name, request_id=request_id, **traces.ids())
            answered = await self._answered(request, resources, request_id)
            span.set("http.response.status_code", answered.status)
            if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.fail(str(answered.status))
        return answered

    async def _answered(self, request: Request, resources: "Resources", request_id: str) -> Response:
        try:
            return await self._answer(request, resources)
        except NightshiftError as error:
            return self.refusal(request, error)
        except Exception as error:
            log.log.error("unexpected error", cause=error)
            return self.refusal(request, NightshiftError("Something unexpected failed.", request_id=request_id))

    async def _answer(self, request: Request, resources: "Resources") -> Response:
        if len(request.body) > self.max_body:
            raise TooLargeError(f"The body may have {self.max_body} bytes at most.")
        path = request.path.rstrip("/").removeprefix(f"/{self.name}") or "/"
        if path == DOCUMENT and request.method in ("GET", "HEAD"):
            from shared.openapi import document  # noqa: PLC0415 - hardly any call asks for it

            return answer(document(self))
        route, params = self._match(request.method, path)
        traces.matched(request.method, self.name, route.template)
        call = Call(request, resources, params)
        caller = await route.guard(call)
        return await route.handler(replace(call, caller=caller) if caller else call)

    def _match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        found = [(r, m) for r in self.routes if (m := r.pattern.fullmatch(path))]
        if not found:
            raise NotFoundError("There is nothing at this path.")
        for route, match in found:
            if route.method == method or (route.method, method) == ("GET", "HEAD"):
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        allowed = ", ".join(sorted({route.method for route, _ in found}))
        raise MethodNotAllowedError(f"This path answers {allowed}.", allow=allowed)


def answer(content: Any, status: int = 200) -> Response:
    """A JSON answer; models, dates and UUIDs in it are written as text."""
    return Response(status, json.dumps(content, default=_plain).encode(), {"content-type": "application/json"})


def problem(error: NightshiftError) -> Response:
    """An error as application/problem+json."""
    document = error.problem()
    headers = {"content-type": "application/problem+json"}
    if "retry_after" in document:
        headers["retry-after"] = str(document["retry_after"])
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if "allow" in document:
        headers["allow"] = document["allow"]
    return Response(error.status, json.dumps(document, default=str).encode(), headers)


def in_json(_request: Request, error: NightshiftError) -> Response:
    return problem(error)


def faults(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong where, without the values: they may be secrets or addresses."""
    return [{"field": ".".join(map(str, e["loc"])) or "body", "problem": e["msg"]} for e in error.errors()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()  # RFC 3339
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)
