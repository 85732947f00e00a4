"""Traces from the trigger to the provider (spec, section 10)."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from functions.deliver_responses.main import deliver_responses
from infra.local.twins import TelegramTwin
from infra.local.twins.faults import Outage
from infra.local.twins.telegram import TOKEN
from shared import traces
from shared.log import log
from shared.resources import Resources
from shared.task import Run, task
from shared.web import App, Request, Response
from tests import nightshift
from tests.integration.traces.collector import Collector, Span
from tests.nightshift import Connection

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FROM_A_CALLER = {"traceparent": f"00-{TRACE}-{CALLER}-01"}


async def deliver(resources: Resources, headers: dict[str, str] | None = None) -> Any:
    """One pass, and the flush that an entry point makes at its end."""
    return await call(deliver_responses, resources, headers)


async def call(app: App, resources: Resources, headers: dict[str, str] | None = None) -> Any:
    key = {"authorization": f"Bearer {nightshift.SERVICE_KEY}"}
    response = await app(Request("POST", "/", key | (headers or {})), resources)
    await traces.flush(None)
    return nightshift.content(response)


async def test_a_run_is_a_tree_from_its_trigger_to_the_provider(
    conn: Connection, collector: Collector, traced: Resources
) -> None:
    reply = await nightshift.reply(conn, 7)
    answer = await deliver(traced)
    trigger, run = ["POST /deliver-responses"], ["POST /deliver-responses", "run deliver-responses"]
    paths = [tuple(collector.path(span)) for span in collector.spans]
    assert len({span.trace for span in collector.spans}) == 1
    assert {tuple(trigger), tuple(run)} <= set(paths)
    assert (*run, "claim", "claim pending_responses") in paths
    assert (*run, "send", "POST") in paths
    assert (*run, "settle", "settle pending_responses") in paths
    assert (*run, "end") in paths
    assert collector.one("send").attributes == {"nightshift.row": str(reply), "nightshift.fate": "done"}
    assert collector.one("run deliver-responses").attributes == {
        "nightshift.job": "deliver-responses",
        "nightshift.run_id": answer["run_id"],
        "nightshift.trigger": "schedule",
        "nightshift.processed": "1",
        "nightshift.failed": "0",
    }


async def test_the_callers_trace_goes_on(collector: Collector, traced: Resources) -> None:
    await deliver(traced, FROM_A_CALLER)
    root = collector.one("POST /deliver-responses")
    assert (root.trace, root.above, root.kind) == (TRACE, CALLER, "server")
    assert {span.trace for span in collector.spans} == {TRACE}
    assert (root.attributes["http.response.status_code"], root.attributes["faas.trigger"]) == ("200", "http")


async def test_a_call_of_a_provider_tells_its_host_and_status_and_nothing_else(
    conn: Connection, collector: Collector, traced: Resources
) -> None:
    await nightshift.reply(conn, 77_001, "a text that is nobody's business")
    await deliver(traced)
    assert collector.one("POST").attributes == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "http.response.status_code": "200",
    }


async def test_no_span_holds_a_token_a_text_or_an_address(
    conn: Connection, collector: Collector, traced: Resources
) -> None:
    await nightshift.reply(conn, 77_001, "a text that is nobody's business")
    await deliver(traced)
    told = json.dumps([span.__dict__ for span in collector.spans])
    assert [each for each in (TOKEN, "77001", "nobody's business", nightshift.SERVICE_KEY) if each in told] == []


async def test_what_failed_is_marked_with_its_status_or_its_type(
    conn: Connection, collector: Collector, telegram: TelegramTwin, traced: Resources
) -> None:
    telegram.faults.add(Outage())
    await nightshift.reply(conn, 7)
    await deliver(traced)
    call, send = collector.one("POST"), collector.one("send")
    assert call.failed
    assert call.attributes["error.type"] == call.attributes["http.response.status_code"]
    assert send.attributes["nightshift.fate"] == "down"


async def test_a_run_that_failed_tells_the_type_of_its_error_and_not_its_text(
    collector: Collector, traced: Resources
) -> None:
    @task("broken")
    async def broken(run: Run) -> None:
        raise KeyError("anna@example.org")

    await call(broken, traced)
    run, root = collector.one("run broken"), collector.one("POST /broken")
    assert (run.failed, run.attributes["error.type"]) == (True, "KeyError")
    assert (root.failed, root.attributes["error.type"]) == (True, "500")
    assert "anna" not in json.dumps([span.__dict__ for span in collector.spans])


async def test_statements_go_by_their_names(conn: Connection, collector: Collector, traced: Resources) -> None:
    await nightshift.reply(conn, 7)
    await deliver(traced)
    statements = [span for span in collector.spans if "db.query.summary" in span.attributes]
    assert {span.kind for span in statements} == {"client"}
    names = Counter(span.attributes["db.query.summary"] for span in statements)
    assert names["end"] == 1
    assert {"claim pending_responses", "reserve"} <= names.keys()
    assert "statement" not in names


async def test_log_lines_name_the_trace(
    collector: Collector, traced: Resources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "threshold", "INFO")
    await deliver(traced, FROM_A_CALLER)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["trace_id"], line["span_id"]) == (TRACE, collector.one("POST /deliver-responses").id)


async def test_runs_side_by_side_are_traces_of_their_own(collector: Collector, traced: Resources) -> None:
    await asyncio.gather(*(deliver(traced) for _ in range(3)))
    roots = collector.named("POST /deliver-responses")
    assert len({span.trace for span in roots}) == 3
    assert all(above_of(collector, run).trace == run.trace for run in collector.named("run deliver-responses"))


def above_of(collector: Collector, span: Span) -> Span:
    [above] = [each for each in collector.spans if each.id == span.above]
    return above


async def test_our_own_functions_are_called_as_parts_of_the_trace(traced: Resources) -> None:
    seen: dict[str, str] = {}
    app = App("asks")

    @app.route("POST", "/", guard=nobody)
    async def ask(_: Any) -> Response:
        seen.update(traces.headers())
        return Response()

    await app(Request("POST", "/", FROM_A_CALLER), traced)
    version, trace, span, flags = seen["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != CALLER


async def nobody(_: Any) -> None:
    """Lets everybody in."""
