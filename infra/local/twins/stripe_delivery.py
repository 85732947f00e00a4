"""Posting events to a webhook endpoint as Stripe does: signed, retried, in any order and any number."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from stripe import WebhookSignature

from infra.local.twins.journal import Journal, Record, Watch
from infra.local.twins.posting import Poster
from infra.local.twins.stripe_events import thin
from infra.local.twins.stripe_objects import Object

# Stripe says "up to three days with an exponential back off" (docs.stripe.com/webhooks) and no intervals; these
# are ours, in seconds, and span a day.
RETRIES = tuple(60.0 * 4**number for number in range(6))
TIMEOUT = 20.0  # seconds until an endpoint counts as silent; not published, third parties measure 10 to 30
AT_ONCE = 20  # posts in flight
FORGED = "whsec_of_somebody_else"


class Emit(BaseModel):
    """One event and how it travels.

    Attributes:
        copies: how often it is posted; more than one are duplicates.
        delay: seconds before the first post.
        withhold: listed by the API, never posted.
        forge: signed with a secret that is not the endpoint's; tried once.
        age: seconds by which the signature's timestamp lies in the past (negative: in the future); tried once.
        thin: the notification is posted in place of the snapshot.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    object: dict[str, Any]
    id: str | None = None
    created: int | None = None
    previous_attributes: dict[str, Any] | None = None
    copies: int = Field(default=1, ge=1, le=100)
    delay: float = Field(default=0.0, ge=0)
    withhold: bool = False
    forge: bool = False
    age: int = 0
    thin: bool = False


class Batch(BaseModel):
    """Several events; with `concurrency` 1 they arrive in exactly this order. `wait`: for the first attempts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: list[Emit] = Field(min_length=1)
    order: Literal["given", "reversed", "shuffled"] = "given"
    concurrency: int = Field(default=1, ge=1, le=100)
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """One event on its way."""

    event: Object
    how: Emit
    gate: asyncio.Semaphore
    tried: asyncio.Event


class Courier(Poster):
    """Carries events to one endpoint."""

    def __init__(
        self, url: str, secrets: Sequence[str], watch: Watch, journal: Journal, enabled: Callable[[], bool]
    ) -> None:
        super().__init__(url, retries=RETRIES, timeout=TIMEOUT)
        self.secrets = tuple(secrets)
        self._watch = watch
        self._journal = journal
        self._enabled = enabled

    def start(self, post: Post) -> None:
        self.launch(self._carry(post))

    async def _carry(self, post: Post) -> None:
        try:
            await self.sleep(post.how.delay)
            async with post.gate:
                done = await self._attempt(post, 1)
        finally:
            post.tried.set()
        if not (done or post.how.forge or post.how.age):
            await self.insist(lambda number: self._attempt(post, number), first=2)

    async def _attempt(self, post: Post, number: int) -> bool:
        """Whether there is nothing left to do. A disabled endpoint ends it: Stripe does not come back to it."""
        record = self._journal.add(
            kind="delivery",
            event_id=post.event["id"],
            type=post.event["type"],
            attempt=number,
            forged=post.how.forge,
            thin=post.how.thin,
        )
        if not self._enabled():
            record["outcome"] = "disabled"
            return True
        started = time.monotonic()
        accepted = await self._send(post, record)
        record["seconds"] = round(time.monotonic() - started, 4)
        if accepted and not post.how.forge:
            post.event["pending_webhooks"] = 0
        return accepted

    async def _send(self, post: Post, record: Record) -> bool:
        body = json.dumps(thin(post.event) if post.how.thin else post.event, indent=2)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
        headers["Stripe-Signature"] = self._signature(body, post.how)
        return await self.post(body.encode(), headers, record)

    def _signature(self, body: str, how: Emit) -> str:
        """One v1 for each secret: during a rotation both are active."""
        at = int(self._watch.wall()) - how.age
        secrets = (FORGED,) if how.forge else self.secrets
        signed = [WebhookSignature.generate_signature_header(body, secret, at) for secret in secrets]
        return ",".join([f"t={at}", *(header.partition(",")[2] for header in signed)])
