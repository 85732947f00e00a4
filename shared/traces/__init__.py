"""Traces of OpenTelemetry, for whom OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) names a collector.

Where none is named, nothing is loaded and nothing is measured. A span holds names, counts, codes and our own ids:
no address of a request, since tokens stand in some, no text, nobody's address, no message of an error.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    from shared.resources import Resources
    from shared.traces.tracer import Tracing

FLUSH = 1.0  # seconds that an invocation waits at its end for the collector, at most
KEPT_BACK = 0.5  # seconds of an invocation that the collector never gets
Kind = Literal["internal", "client", "server"]
Attributes = Mapping[str, Any]


class Span(Protocol):
    """One span, as a `with` statement; an error that passes through it is noted by its type."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def set(self, name: str, value: Any) -> None:
        """Note an attribute; what is neither text nor number is noted as text."""
        ...

    def fail(self, kind: str) -> None:
        """Mark it as failed: the kind of the error, or a status code."""
        ...


class Off:
    """The span of those who trace nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def set(self, name: str, value: Any) -> None: ...

    def fail(self, kind: str) -> None: ...


OFF = Off()
_tracing: "Tracing | None" = None


def begin(resources: "Resources") -> None:
    """Trace from here on what this process does, if a collector is named."""
    global _tracing  # noqa: PLW0603 - one process has one tracer, as it has one log
    settings, _tracing = resources.settings, None
    if settings.otel_exporter_otlp_endpoint or settings.otel_exporter_otlp_traces_endpoint:
        from shared.traces.tracer import Tracing  # noqa: PLC0415 - 20 ms that only those pay who trace

        _tracing = Tracing(resources)


def span(name: str, attributes: Attributes | None = None, kind: Kind = "internal") -> Span:
    """A part of what goes on at this moment."""
    return OFF if _tracing is None else _tracing.span(name, attributes, kind)


def serving(function: str, headers: Mapping[str, str], *, trusted: bool) -> Span:
    """One request of a function, as a part of its caller's trace where the `traceparent` header names one."""
    if _tracing is None:
        return OFF
    trigger = {"faas.name": function, "faas.trigger": "timer" if trusted else "http"}
    return _tracing.span(function, trigger, "server", headers)


def matched(method: str, function: str, template: str) -> None:
    """Name the span of this moment, a request's, by its route."""
    if _tracing is not None:
        _tracing.rename(method, f"/{function}{template.rstrip('/')}")


def statement(of: Any) -> Span:
    """One statement of the database, by its name in its `.sql` file."""
    if _tracing is None:
        return OFF
    name = getattr(of, "name", "statement")
    return _tracing.span(name, {"db.system.name": "postgresql", "db.query.summary": name}, "client")


def headers() -> dict[str, str]:
    """What a call of one of our own functions carries, so that it becomes a part of this trace."""
    return {} if _tracing is None else _tracing.headers()


def ids() -> dict[str, str]:
    """`trace_id` and `span_id` of this moment, for the log."""
    return {} if _tracing is None else _tracing.ids()


async def flush(seconds_left: float | None) -> None:
    """Hand over what has ended, before a cloud freezes the process. Raises nothing, and takes FLUSH seconds at most.

    Args:
        seconds_left: what the platform still grants; None where it does not say.
    """
    if _tracing is not None:
        await _tracing.exporter.flush(FLUSH if seconds_left is None else min(FLUSH, seconds_left - KEPT_BACK))
