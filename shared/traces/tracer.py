"""Spans by OpenTelemetry's SDK, which itself reads OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.traces import OFF, Attributes, Kind, Span
from shared.traces.export import Exporter

if TYPE_CHECKING:
    from shared.resources import Resources

SERVICE = "nightshift"  # where OTEL_SERVICE_NAME says nothing else
UNNAMED = "unknown_service"  # what the SDK calls it then
KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT, "server": SpanKind.SERVER}


class Tracing:
    """One process's tracer and its exporter."""

    def __init__(self, resources: "Resources") -> None:
        self.exporter = Exporter(resources)
        provider = TracerProvider(resource=described(), shutdown_on_exit=False)
        provider.add_span_processor(self.exporter)
        self.tracer = provider.get_tracer(SERVICE)
        self.propagator = TraceContextTextMapPropagator()

    def span(
        self, name: str, attributes: Attributes | None, kind: Kind, caller: Mapping[str, str] | None = None
    ) -> Span:
        """A span below the one of this moment; below the caller's where `caller` is its headers."""
        if self.exporter.quiet:
            return OFF
        above = None if caller is None else self.propagator.extract(caller, Context())
        return Live(self.tracer, name, attributes, KINDS[kind], above)

    def rename(self, method: str, route: str) -> None:
        current = trace.get_current_span()
        current.update_name(f"{method} {route}")
        current.set_attribute("http.request.method", method)
        current.set_attribute("http.route", route)

    def headers(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        self.propagator.inject(carrier)
        return carrier

    def ids(self) -> dict[str, str]:
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}


class Live(AbstractContextManager["Live"]):
    """A span of the SDK's, which is begun and ended by one task."""

    def __init__(
        self, tracer: trace.Tracer, name: str, attributes: Attributes | None, kind: SpanKind, above: Context | None
    ) -> None:
        self.tracer, self.name, self.attributes, self.kind, self.above = tracer, name, attributes, kind, above

    def __enter__(self) -> Self:
        self.span = self.tracer.start_span(self.name, self.above, self.kind, self.attributes)
        self.token = attach(trace.set_span_in_context(self.span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if error is not None:
            self.fail(type(error.__cause__ or error).__name__)
        detach(self.token)
        self.span.end()

    def set(self, name: str, value: Any) -> None:
        self.span.set_attribute(name, value if isinstance(value, (str, bool, int, float)) else str(value))

    def fail(self, kind: str) -> None:
        self.span.set_attribute("error.type", kind)
        self.span.set_status(StatusCode.ERROR)


def described() -> Resource:
    """What the environment says of this service."""
    resource = Resource.create()
    unnamed = str(resource.attributes.get(SERVICE_NAME, UNNAMED)).startswith(UNNAMED)
    return resource.merge(Resource({SERVICE_NAME: SERVICE})) if unnamed else resource
