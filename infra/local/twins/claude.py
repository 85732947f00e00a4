"""Claude's Messages and Message Batches APIs: keys, limits, prompt cache, errors and silences."""

import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, ClassVar

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from infra.local import keys
from infra.local.twins import admin
from infra.local.twins.claude_batch import MessageBatch
from infra.local.twins.claude_cache import MINIMUM, PromptCache
from infra.local.twins.claude_faults import ClaudeFault, LineFault, Overloaded, Spent, Stall, Stop, Young
from infra.local.twins.claude_limits import Limits, amounts
from infra.local.twins.claude_wire import BatchCreate, BatchRequest, Params, error, identity, invalid, message, refusal
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import Throttle
from infra.local.twins.journal import Clock
from infra.local.twins.server import HttpTwin

KEY = keys.CLAUDE_KEY
MESSAGE_MAX = 32_000_000  # bytes of a request; platform.claude.com/docs/en/api/errors#request-size-limits
BATCH_MAX = 256_000_000  # the same of a batch
LIMITS = (4_000, 4_000_000, 800_000)  # a minute: the rate limits page's figures for Claude Fable 5.x, tier Scale
BATCHES = "/v1/messages/batches"
LISTED = 20  # batches on a page unless asked


@dataclass(frozen=True, slots=True)
class ClaudeConfig:
    """`limits` as requests, input and output tokens a minute; models by the tokens of their shortest cached prefix.

    `batch_seconds` is how long a batch takes.
    """

    api_key: str = KEY
    limits: tuple[int, int, int] = LIMITS
    models: Mapping[str, int] = field(default_factory=lambda: dict(MINIMUM))
    batch_seconds: float = 1.0


class ClaudeTwin(HttpTwin):
    """Records carry `path`; those of messages `user`, `model`, `usage` and, when written, `stop`; of batches `batch`.

    Outcomes: written, batched, shown, throttled, overloaded, unpaid, spent, invalid, not_found, too_large,
    unauthorized, malformed, outage.
    """

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(ClaudeFault)
    max_body = BATCH_MAX

    def __init__(self, *, port: int = 0, config: ClaudeConfig | None = None, clock: Clock = time.monotonic) -> None:
        super().__init__(port=port, clock=clock)
        self.config = config or ClaudeConfig()
        self._forget()

    def _forget(self) -> None:
        self._cache = PromptCache(self.watch.mono, self.config.models)
        self._limits = Limits(self.watch, *self.config.limits)
        self._batches: dict[str, MessageBatch] = {}
        self._open = self._peak = 0
        self._served: Counter[str] = Counter()

    def reset(self) -> None:
        super().reset()
        self._forget()

    def stats(self) -> dict[str, Any]:
        """Adds: texts written (also in batches), of these repeated (the same prompt again), batches, billed tokens.

        `peak` is the most messages that were under way at once.
        """
        return {
            **super().stats(),
            "written": sum(self._served.values()),
            "repeated": sum(self._served.values()) - len(self._served),
            "peak": self._peak,
            "batches": len(self._batches),
            "tokens": self._tokens(),
        }

    def _tokens(self) -> dict[str, int]:
        batched = (line["result"] for batch in self._batches.values() for line in batch.results)
        usages = [record["usage"] for record in self.journal.all() if record["outcome"] == "written"]
        usages += [result["message"]["usage"] for result in batched if result["type"] == "succeeded"]
        kinds = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        return {kind: sum(usage[kind] for usage in usages) for kind in kinds}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", admin.overview(self)),
            web.post("/v1/messages", self._messages),
            web.post(BATCHES, self._batch),
            web.get(BATCHES, self._asked(self._list)),
            web.get(BATCHES + "/{id}", self._asked(self._show)),
            web.get(BATCHES + "/{id}/results", self._asked(self._results)),
            web.post(BATCHES + "/{id}/cancel", self._asked(self._cancel)),
        ]

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request, MESSAGE_MAX)
        params = body if isinstance(body, Reply) else self._params(body)
        known = {"user": params.user, "model": params.model} if isinstance(params, Params) else {}
        record = self.journal.add(path=request.path, **known)
        self._open += 1
        self._peak = max(self._peak, self._open)
        try:
            user = params.metadata.user_id if isinstance(params, Params) and params.metadata else None
            return await Exchange(self, request, record, user).run(
                lambda: self._decide(request, lambda: self._answer(params))
            )
        finally:
            self._open -= 1

    def _answer(self, params: Params | Reply) -> Reply:
        return params if isinstance(params, Reply) else self._write(params)

    def _write(self, params: Params) -> Reply:
        """A call fits while there is anything left of each limit: what it takes is known only afterwards."""
        wait = self._limits.wait({"requests": 1, "input-tokens": 1, "output-tokens": 1})
        if wait > 0:
            return self._throttled(wait)
        answer = self._serve(params)
        self._limits.take(amounts(answer["usage"]))
        fields = {"usage": answer["usage"], "stop": answer["stop_reason"]}
        return Reply(200, answer, "written", accepted=True, fields=fields, headers=self._limits.headers())

    def _throttled(self, wait: float) -> Reply:
        words = "This request would exceed your organization's rate limit."
        return refusal(429, words, headers={**self._limits.headers(), "retry-after": str(ceil(wait))})

    def _serve(self, params: Params) -> dict[str, Any]:
        stop = self.faults.take(Stop)
        answer = message(params, self._cache.usage(params), stop.fault.reason if stop else "end_turn")
        self._served[params.user] += 1
        return answer

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        body = await self._body(request, BATCH_MAX)
        record = self.journal.add(path=request.path)
        return await Exchange(self, request, record).run(lambda: self._decide(request, lambda: self._take_in(body)))

    def _take_in(self, body: Any) -> Reply:
        """Only names are checked; what is wrong with a request's parameters its result says."""
        if isinstance(body, Reply):
            return body
        try:
            requests = BatchCreate.model_validate(body).requests
        except ValidationError as fault:
            return invalid(fault)
        if len({each.custom_id for each in requests}) < len(requests):
            return refusal(400, "requests: `custom_id` must be unique within a batch")
        batch = MessageBatch(requests, self.watch.mono(), self.watch.wall())
        self._batches[batch.id] = batch
        fields = {"batch": batch.id, "requests": len(requests)}
        return Reply(200, batch.shown(self.url), "batched", accepted=True, fields=fields)

    def _asked(self, decide: Callable[[web.Request], Reply]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A request about batches."""

        async def handle(request: web.Request) -> web.StreamResponse:
            record = self.journal.add(path=request.path)
            self._work()
            return await Exchange(self, request, record).run(lambda: self._decide(request, lambda: decide(request)))

        return handle

    def _work(self) -> None:
        """End the batches whose time has come."""
        stalled = self.faults.find(Stall) is not None
        for batch in self._batches.values():
            due = batch.canceled or (not stalled and self.watch.mono() >= batch.at + self.config.batch_seconds)
            if batch.ended is None and due:
                batch.end(self.watch.wall(), self._result, self.random)

    def _result(self, asked: BatchRequest) -> dict[str, Any]:
        fault = self.faults.take(LineFault, asked.custom_id)
        if fault and fault.fault.result != "errored":
            return {"type": fault.fault.result}
        if fault:
            return {"type": "errored", "error": error(fault.fault.status, "The request failed.")}
        params = self._params(asked.params)
        if isinstance(params, Reply):
            return {"type": "errored", "error": params.body}
        return {"type": "succeeded", "message": self._serve(params)}

    def _found(self, request: web.Request) -> MessageBatch | Reply:
        batch = self._batches.get(request.match_info["id"])
        if batch is None or self.faults.take(Young, batch.id):
            return refusal(404, "Not found")
        return batch

    def _show(self, request: web.Request) -> Reply:
        batch = self._found(request)
        return batch if isinstance(batch, Reply) else Reply(200, batch.shown(self.url), "shown")

    def _results(self, request: web.Request) -> Reply:
        batch = self._found(request)
        if isinstance(batch, Reply):
            return batch
        return Reply(200, batch.lines(), "shown") if batch.ended else refusal(400, "The batch has not ended.")

    def _cancel(self, request: web.Request) -> Reply:
        batch = self._found(request)
        if isinstance(batch, Reply):
            return batch
        batch.canceled = batch.canceled or batch.ended is None
        return Reply(200, batch.shown(self.url), "shown")

    def _list(self, request: web.Request) -> Reply:
        """Latest first."""
        shown = [batch.shown(self.url) for batch in reversed(self._batches.values())]
        page = shown[: int(request.query.get("limit", LISTED))]
        ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return Reply(200, {"data": page, "has_more": len(shown) > len(page), **ends}, "shown")

    async def _body(self, request: web.Request, most: int) -> Any:
        try:
            content = await request.read()
            return json.loads(content) if len(content) <= most else refusal(413, "Request exceeds the maximum size")
        except web.HTTPRequestEntityTooLarge:
            return refusal(413, "Request exceeds the maximum size")
        except ValueError:
            return refusal(400, "The request body is not valid JSON")

    def _params(self, body: Any) -> Params | Reply:
        try:
            params = Params.model_validate(body)
        except ValidationError as fault:
            return invalid(fault)
        if params.model not in self.config.models:
            return refusal(404, f"model: {params.model}")
        return params

    def _decide(self, request: web.Request, decide: Callable[[], Reply]) -> Reply:
        """Every answer has an id, which an error repeats."""
        reply = self._gate(request) or decide()
        known = reply.body.get("request_id") if isinstance(reply.body, dict) else None
        reply.headers = {"request-id": known or identity("req"), **reply.headers}
        return reply

    def _gate(self, request: web.Request) -> Reply | None:
        """What is checked before the request is looked at."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")  # as Claude's own library has it
        key = request.headers.get("x-api-key") or bearer
        if key != self.config.api_key:
            return refusal(401, "invalid x-api-key" if key else "x-api-key header is required")
        if "anthropic-version" not in request.headers:
            return refusal(400, "anthropic-version: header is required")
        if self.faults.take(Overloaded):
            return refusal(529, "Overloaded")
        forced = self.faults.take(Throttle)
        if forced:
            return self._throttled(forced.fault.retry_after or forced.seconds_left(self.watch.mono()))
        spent = self.faults.take(Spent)
        return self._unpaid(spent.fault.limit) if spent else None

    def _unpaid(self, limit: str) -> Reply:
        words = "You have reached your API usage limits."
        match limit:
            case "tier":
                reply = refusal(429, words, code="enforced_spend_limit_reached")
            case "own":
                reply = refusal(400, words)
            case _:
                reply = refusal(402, "Your bill is not paid.")
        reply.outcome = "spent"
        return reply
