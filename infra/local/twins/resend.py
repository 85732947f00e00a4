"""Resend's POST /emails: its keys, its rate limit, its quota, its idempotency; webhooks where it is told of one."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar, Literal
from uuid import uuid4

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from infra.local import keys
from infra.local.twins import admin
from infra.local.twins.exchange import Exchange, Reply
from infra.local.twins.faults import CommonFault, Fault, Throttle
from infra.local.twins.journal import Clock
from infra.local.twins.posting import Sleep
from infra.local.twins.resend_webhooks import RETRIES, Webhooks
from infra.local.twins.resend_wire import Email, Idempotency, invalid, refusal
from infra.local.twins.server import HttpTwin
from infra.local.twins.window import SlidingWindow

RATE = 5  # requests a second and team (2 in earlier editions); resend.com/docs/api-reference/rate-limit
KEY = keys.RESEND_KEY
SECRET = "whsec_bG9jYWwgdHdpbiBvZiBSZXNlbmQh"  # noqa: S105 - known to everyone by intention
KEY_LENGTH_MAX = 256  # resend.com/docs/dashboard/emails/idempotency-keys


@dataclass(frozen=True, slots=True)
class ResendConfig:
    """`rate` as (requests, seconds); `daily` None for a paid plan, 100 for the free one; no webhook without its URL.

    resend.com/docs/knowledge-base/account-quotas-and-limits
    """

    api_key: str = KEY
    rate: tuple[int, float] = (RATE, 1.0)
    daily: int | None = None
    webhook_url: str | None = None
    webhook_secret: str = SECRET
    retries: Sequence[float] = RETRIES
    sleep: Sleep = asyncio.sleep


class Quota(Fault):
    """The daily quota is used up."""

    kind: Literal["quota"] = "quota"


class ResendTwin(HttpTwin):
    """Records of emails carry `to`, `subject`, `key` (idempotency) and, when delivered, `email_id`.

    Those of kind `webhook` (accepted, refused, timeout, unreachable) carry `event_id`, `type` and `attempt`.

    Outcomes: delivered, repeated (the key was known: the same id, no second email), throttled, quota, conflict,
    in_progress, invalid, unauthorized, malformed, outage.
    """

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(CommonFault | Quota)

    def __init__(self, *, port: int = 0, config: ResendConfig | None = None, clock: Clock = time.monotonic) -> None:
        super().__init__(port=port, clock=clock)
        self.config = config or ResendConfig()
        self.webhooks = self._endpoint(self.config)
        self._forget()

    def _endpoint(self, config: ResendConfig) -> Webhooks | None:
        if config.webhook_url is None:
            return None
        made = Webhooks(config.webhook_url, config.webhook_secret, self.watch, self.journal)
        made.retries, made.sleep = config.retries, config.sleep
        return made

    def _forget(self) -> None:
        self._window = SlidingWindow(*self.config.rate)
        self._known = Idempotency()
        self._today: tuple[str, int] = ("", 0)

    async def start(self) -> None:
        if self.webhooks:
            await self.webhooks.open()
        await super().start()

    async def stop(self) -> None:
        if self.webhooks:
            await self.webhooks.close()
        await super().stop()

    def reset(self) -> None:
        super().reset()
        if self.webhooks:
            self.webhooks.drop()
        self._forget()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", admin.overview(self)), web.post("/emails", self._emails)]

    async def _emails(self, request: web.Request) -> web.StreamResponse:
        body = parsed(await request.read())
        key = request.headers.get("Idempotency-Key")
        to = recipients(body)
        record = self.journal.add(to=to, subject=body.get("subject"), key=key)
        exchange = Exchange(self, request, record, to[0] if to else None)
        self._known.begin(key, record["n"])
        try:
            return await exchange.run(lambda: self._decide(request, record["n"], key, body))
        finally:
            self._known.end(key, record["n"])

    def _decide(self, request: web.Request, number: int, key: str | None, body: dict[str, Any]) -> Reply:
        reply = self._gate(request, key) or self._once(number, key, body)
        reply.headers = {**self._rate_headers(), **reply.headers}
        return reply

    def _gate(self, request: web.Request, key: str | None) -> Reply | None:
        """What Resend checks before it looks at the email."""
        scheme, _, api_key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not api_key:
            return refusal(401, "missing_api_key", "Missing API key in the authorization header.")
        if api_key != self.config.api_key:
            return refusal(403, "invalid_api_key", "API key is invalid.")
        if key is not None and not 1 <= len(key) <= KEY_LENGTH_MAX:
            return refusal(400, "invalid_idempotency_key", "The key must be between 1-256 chars.")
        return self._throttle()

    def _throttle(self) -> Reply | None:
        now = self.watch.mono()
        forced = self.faults.take(Throttle)
        wait = (forced.fault.retry_after or forced.seconds_left(now)) if forced else self._window.wait(now)
        if wait > 0:
            words = f"Too many requests. You can only make {self.config.rate[0]} requests per second."
            return refusal(429, "rate_limit_exceeded", words, {"retry-after": str(ceil(wait))})
        self._window.take(now)
        return None

    def _once(self, number: int, key: str | None, body: dict[str, Any]) -> Reply:
        earlier = self._known.find(key, body, number, self.watch.mono())
        if earlier:
            return earlier
        try:
            Email.model_validate(body)
        except ValidationError as error:
            return invalid(error)
        over = self._quota(len(recipients(body)))
        if over:
            return over
        email_id = str(uuid4())
        self._known.keep(key, body, email_id, self.watch.mono())
        if self.webhooks:
            self.webhooks.tell(email_id, body, recipients(body))
        return Reply(200, {"id": email_id}, "delivered", accepted=True, fields={"email_id": email_id})

    def _quota(self, emails: int) -> Reply | None:
        """Days are UTC; each recipient counts as one email."""
        day = datetime.fromtimestamp(self.watch.wall(), UTC).date().isoformat()
        sent = self._today[1] if self._today[0] == day else 0
        full = self.config.daily is not None and sent + emails > self.config.daily
        if full or self.faults.take(Quota):
            return refusal(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")
        self._today = (day, sent + emails)
        return None

    def _rate_headers(self) -> dict[str, str]:
        """resend.com/docs/api-reference/rate-limit: limit, remaining, seconds until reset; on every answer."""
        now = self.watch.mono()
        limit, seconds = self.config.rate
        remaining = limit - self._window.used(now)
        reset = ceil(self._window.wait(now)) or ceil(seconds)
        values = {"limit": limit, "remaining": remaining, "reset": reset}
        return {f"ratelimit-{name}": str(value) for name, value in values.items()}


def parsed(content: bytes) -> dict[str, Any]:
    """The JSON object, or an empty one: what is missing is then said field by field."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def recipients(body: dict[str, Any]) -> list[str]:
    to = body.get("to") or []
    return [to] if isinstance(to, str) else [str(each) for each in to] if isinstance(to, list) else []
