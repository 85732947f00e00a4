"""A collector of traces on loopback, which decodes OTLP as OpenTelemetry's own library does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from opentelemetry.proto_json.collector.trace.v1.trace_service import ExportTraceServiceRequest
from opentelemetry.proto_json.trace.v1.trace import Span as Wire
from opentelemetry.proto_json.trace.v1.trace import Status

PATH = "/v1/traces"


@dataclass(frozen=True)
class Span:
    """One span as it came; ids are in hexadecimal digits."""

    name: str
    kind: str
    trace: str
    id: str
    above: str
    attributes: dict[str, Any]
    failed: bool
    service: dict[str, Any]


@dataclass
class Collector:
    """Listens at `url` in a thread of its own.

    Attributes:
        status: of every answer.
        silent: it takes a request and does not answer until this is set.
        calls: the headers of each request, by lower-case names.
    """

    url: str = ""
    status: int = 200
    silent: Event = field(default_factory=Event)
    calls: list[dict[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Span:
        [span] = self.named(name)
        return span

    def path(self, span: Span) -> list[str]:
        """The names from the root down to a span."""
        by_id = {each.id: each for each in self.spans}
        names = [span.name]
        while span.above in by_id:
            span = by_id[span.above]
            names.insert(0, span.name)
        return names

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.paths.append(path)
        self.calls.append(headers)
        if self.status == 200:
            self.spans += decoded(body)


def decoded(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.from_dict(json.loads(body)).resource_spans:
        service = attributes(resource.resource)
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield Span(
                span.name or "",
                Wire.SpanKind(span.kind or 0).name.removeprefix("SPAN_KIND_").lower(),
                (span.trace_id or b"").hex(),
                (span.span_id or b"").hex(),
                (span.parent_span_id or b"").hex(),
                attributes(span),
                span.status is not None and span.status.code == Status.StatusCode.STATUS_CODE_ERROR,
                service,
            )


def attributes(of: Any) -> dict[str, Any]:
    """Attributes by name, whatever kind of value each has."""
    return {each.key: next(iter(each.value.to_dict().values())) for each in of.attributes}


@contextmanager
def listening() -> Iterator[Collector]:
    collector = Collector()
    collector.silent.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.silent.wait()
            collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(collector.status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Tests have their own output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        collector.silent.set()
        server.shutdown()
        server.server_close()
