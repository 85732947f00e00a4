"""Ended spans on their way to a collector: OTLP 1.x over HTTP as JSON (opentelemetry.io/docs/specs/otlp).

An invocation hands over what it has at its end, since a cloud may freeze the process after its answer; one that goes on
for long does so meanwhile. A collector that is away costs the time of one call and is then left alone for a while.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.json.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.util.re import parse_env_headers

from shared.log import log

if TYPE_CHECKING:
    from shared.resources import Resources
    from shared.settings import Settings

BATCH = 512  # spans of one call, and so many that wait make a run hand over before its end
KEPT = 2048  # spans that wait at most, the SDK's own default; the oldest go first
REST = 30.0  # seconds for which a collector that failed is left alone
AGAIN = frozenset(  # by OTLP's own table; what another answer refuses is not sent again
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_quiet: ContextVar[bool] = ContextVar("traces_quiet", default=False)


class RefusedError(Exception):
    """The collector answered with an error; the message is its status."""


class Exporter(SpanProcessor):
    """What ends here is sent from here. It lives in one event loop, as its HTTP client does."""

    def __init__(self, resources: "Resources") -> None:
        self.http = resources.http  # loaded now, and not within the bound of a flush
        self.url, self.headers = address(resources.settings), headers(resources.settings)
        self.longest = resources.settings.otel_exporter_otlp_timeout / 1000
        self.spans: deque[ReadableSpan] = deque(maxlen=KEPT)
        self.under_way: asyncio.Task[None] | None = None
        self.one_at_a_time = asyncio.Lock()
        self.rests_until = 0.0

    @property
    def quiet(self) -> bool:
        """Whether this is the exporter's own call, which is no part of any trace."""
        return _quiet.get()

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self.spans.append(span)
            if len(self.spans) >= BATCH and time.monotonic() >= self.rests_until:
                self._meanwhile()

    async def flush(self, seconds: float) -> None:
        """Hand over all that waits, within so many seconds."""
        if not self.spans or time.monotonic() < self.rests_until or seconds <= 0:
            return
        token = _quiet.set(True)
        try:
            async with asyncio.timeout(min(seconds, self.longest)), self.one_at_a_time:
                while self.spans:
                    await self._hand_over([self.spans.popleft() for _ in range(min(BATCH, len(self.spans)))])
        except Exception as error:  # whatever it is, no work fails for it
            self.rests_until = time.monotonic() + REST
            why = str(error) if isinstance(error, RefusedError) else type(error).__name__
            log.warning("the collector takes no traces", reason=why, waiting=len(self.spans))
        finally:
            _quiet.reset(token)

    async def _hand_over(self, batch: list[ReadableSpan]) -> None:
        """One call. What may be taken next time comes back."""
        content = encode_spans(batch).to_json().encode()
        try:
            answer = await self.http.post(self.url, content=content, headers=self.headers)
        except BaseException:
            self.spans.extendleft(reversed(batch))
            raise
        if answer.status_code in AGAIN:
            self.spans.extendleft(reversed(batch))
        if not answer.is_success:
            raise RefusedError(f"HTTP {answer.status_code}")

    def _meanwhile(self) -> None:
        """Hand over while the run goes on, one call at a time."""
        if self.under_way is None or self.under_way.done():
            self.under_way = asyncio.get_running_loop().create_task(self.flush(self.longest))


def address(settings: "Settings") -> str:
    """Where traces go: their own address as it is, or below the one for all signals."""
    own = settings.otel_exporter_otlp_traces_endpoint
    return own or f"{(settings.otel_exporter_otlp_endpoint or '').rstrip('/')}/v1/traces"


def headers(settings: "Settings") -> Mapping[str, str]:
    """What the collector wants besides: `name=value`, comma-separated, percent-encoded."""
    told = settings.otel_exporter_otlp_traces_headers or settings.otel_exporter_otlp_headers
    given = parse_env_headers(told.get_secret_value(), liberal=True) if told else {}
    return {**given, "content-type": "application/json"}
