"""Traces on their way to the collector: bounded in time and number, and never a reason to fail (spec, section 10)."""

import asyncio
import json
import subprocess
import sys
import time

import pytest

from functions.deliver_responses.main import deliver_responses
from shared import traces
from shared.resources import Resources
from shared.traces import export
from tests import nightshift
from tests.integration.core.test_core_entrypoint import environment, http_event
from tests.integration.traces.collector import PATH, Collector
from tests.integration.traces.conftest import Made
from tests.integration.traces.test_traces_run import FROM_A_CALLER, TRACE, deliver
from tests.lambda_runtime import ROOT, LambdaRuntime
from tests.nightshift import Connection

LOADED = """
import json, sys
import functions.deliver_responses.main
from shared.entrypoint import resources
resources().http
print(json.dumps("opentelemetry.sdk" in sys.modules))
"""
NOWHERE = "http://127.0.0.1:1"  # nothing listens on port 1


async def exporter(resources: Resources) -> export.Exporter:
    """The exporter of a process that has spans to hand over."""
    await nightshift.post(deliver_responses, resources)
    assert traces._tracing is not None
    assert traces._tracing.exporter.spans
    return traces._tracing.exporter


async def test_without_an_address_nothing_is_traced(collector: Collector, made: Made) -> None:
    await deliver(made())
    assert (collector.calls, traces._tracing, traces.headers(), traces.ids()) == ([], None, {}, {})
    assert traces.span("anything") is traces.OFF


@pytest.mark.parametrize(
    ("name", "path"),
    [("otel_exporter_otlp_endpoint", PATH), ("otel_exporter_otlp_traces_endpoint", "/own/way")],
    ids=["all-signals", "traces"],
)
async def test_either_address_is_used_as_it_is_defined(collector: Collector, made: Made, name: str, path: str) -> None:
    await deliver(made(**{name: collector.url + path.removesuffix(PATH)}))
    assert set(collector.paths) == {path}


async def test_headers_with_a_key_go_along(collector: Collector, made: Made) -> None:
    await deliver(
        made(otel_exporter_otlp_endpoint=collector.url, otel_exporter_otlp_headers="x-key=a%20b,x-team=night")
    )
    found = collector.calls[0]
    assert (found["x-key"], found["x-team"], found["content-type"]) == ("a b", "night", "application/json")


async def test_the_environment_names_the_service(
    collector: Collector, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    await deliver(made(otel_exporter_otlp_endpoint=collector.url))
    monkeypatch.setenv("OTEL_SERVICE_NAME", "night-crew")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=dev")
    await deliver(made(otel_exporter_otlp_endpoint=collector.url))
    first, last = collector.spans[0].service, collector.spans[-1].service
    assert first["service.name"] == "nightshift"
    assert (last["service.name"], last["deployment.environment.name"]) == ("night-crew", "dev")


@pytest.mark.parametrize(("sampler", "callers"), [("always_off", "01"), ("parentbased_always_on", "00")])
async def test_what_is_not_sampled_is_not_sent(
    collector: Collector, made: Made, monkeypatch: pytest.MonkeyPatch, sampler: str, callers: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    caller = {"traceparent": FROM_A_CALLER["traceparent"][:-2] + callers}
    await deliver(made(otel_exporter_otlp_endpoint=collector.url), caller)
    assert collector.calls == []


async def test_a_run_does_not_fail_for_a_collector_that_is_away(conn: Connection, made: Made) -> None:
    await nightshift.reply(conn, 7)
    answer = await deliver(made(otel_exporter_otlp_endpoint=NOWHERE))
    assert (answer["status"], answer["processed"]) == ("success", 1)


async def test_a_collector_that_hangs_costs_its_bound_once_and_is_then_left_alone(
    collector: Collector, traced: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "FLUSH", 0.2)
    collector.silent.clear()
    waiting = len((await exporter(traced)).spans)
    began = time.monotonic()
    await traces.flush(None)
    first = time.monotonic() - began
    await traces.flush(None)
    assert 0.2 <= first < 0.2 + 1.0
    assert time.monotonic() - began - first < 0.1
    assert len((await exporter(traced)).spans) >= 2 * waiting  # nothing of it is lost yet


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_what_could_not_be_taken_is_taken_later(collector: Collector, traced: Resources, status: int) -> None:
    collector.status = status
    sends = await exporter(traced)
    waiting = len(sends.spans)
    await traces.flush(None)
    kept, collector.status, sends.rests_until = len(sends.spans), 200, 0.0
    await traces.flush(None)
    assert (kept, len(collector.spans), len(sends.spans)) == (waiting, waiting, 0)


async def test_what_is_refused_is_not_sent_again(collector: Collector, traced: Resources) -> None:
    collector.status = 401
    sends = await exporter(traced)
    await traces.flush(None)
    assert (len(collector.calls), len(sends.spans)) == (1, 0)


async def test_so_many_spans_wait_and_no_more(made: Made) -> None:
    sends = await exporter(made(otel_exporter_otlp_endpoint=NOWHERE))
    sends.rests_until = float("inf")
    for _ in range(export.KEPT + 10):
        with traces.span("one of many"):
            pass
    assert len(sends.spans) == export.KEPT


async def test_a_run_that_goes_on_hands_over_meanwhile(
    collector: Collector, traced: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 5)
    sends = await exporter(traced)
    assert sends.under_way is not None
    await sends.under_way
    assert len(collector.spans) >= 5


async def test_an_invocation_without_time_left_keeps_its_spans_for_the_next(
    collector: Collector, traced: Resources
) -> None:
    await exporter(traced)
    await traces.flush(traces.KEPT_BACK)
    early = len(collector.calls)
    await traces.flush(10.0)
    assert (early, len(collector.calls)) == (0, 1)


async def test_the_exporters_own_call_is_no_span(collector: Collector, traced: Resources) -> None:
    await deliver(traced)
    await deliver(traced)
    assert [span for span in collector.spans if span.name == "POST"] == []


async def test_flushes_at_the_same_time_send_each_span_once(collector: Collector, traced: Resources) -> None:
    sends = await exporter(traced)
    waiting = len(sends.spans)
    await asyncio.gather(*(traces.flush(None) for _ in range(5)))
    assert len(collector.spans) == len({span.id for span in collector.spans}) == waiting


def test_lambda_hands_over_before_it_answers(database_url: str, collector: Collector) -> None:
    env = environment(database_url) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with LambdaRuntime("functions/cleanup_stale/main.handler", env) as running:
        key = {"authorization": f"Bearer {nightshift.SERVICE_KEY}"}
        outcome = running.invoke(http_event("/cleanup-stale", headers=key | FROM_A_CALLER))
        spans = list(collector.spans)
    assert (outcome.kind, outcome.content["statusCode"]) == ("response", 200)
    assert {span.trace for span in spans} == {TRACE}
    assert {"POST /cleanup-stale", "run cleanup-stale"} <= {span.name for span in spans}


def test_a_message_of_a_queue_goes_on_with_the_trace_of_who_sent_it(database_url: str, collector: Collector) -> None:
    env = environment(database_url) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    attributes = {name: {"dataType": "String", "stringValue": value} for name, value in FROM_A_CALLER.items()}
    message = {"messageId": "m", "eventSource": "aws:sqs", "body": "{}", "messageAttributes": attributes}
    with LambdaRuntime("functions/cleanup_stale/main.handler", env) as running:
        outcome = running.invoke({"Records": [message]})
    assert outcome.content == {"batchItemFailures": []}
    assert collector.one("run cleanup-stale").trace == TRACE


def test_a_lambda_that_a_timer_fires_says_so(database_url: str, collector: Collector) -> None:
    env = environment(database_url) | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with LambdaRuntime("functions/cleanup_stale/main.handler", env) as running:
        outcome = running.invoke({"time": "2026-01-02T03:04:05Z"})
    assert outcome.kind == "response"
    assert collector.one("POST /cleanup-stale").attributes["faas.trigger"] == "timer"


@pytest.mark.parametrize(("settings", "loaded"), [({}, False), ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}, True)])
def test_who_traces_nothing_loads_nothing_of_opentelemetry(settings: dict[str, str], *, loaded: bool) -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LOADED], cwd=ROOT, env=settings, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) is loaded
