"""One function on both clouds: Google's framework and Lambda's runtime, the real ones (spec, section 11)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.cleanup_stale.main import handler
from infra.local.program import free_port
from shared import entrypoint
from shared.entrypoint import from_lambda
from shared.errors import NightshiftError
from shared.web import MAX_BODY, Response
from tests.lambda_runtime import LambdaRuntime, Outcome
from tests.nightshift import SERVICE_KEY

KEY = {"authorization": f"Bearer {SERVICE_KEY}"}
CLEANUP = "functions/cleanup_stale/main.handler"
AT = "2026-01-02T03:04:05Z"


def environment(database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "SERVICE_KEYS": SERVICE_KEY, "LINGER_SECONDS": "0"}


def http_event(
    path: str, *, method: str = "POST", headers: dict[str, str] | None = None, body: bytes | str | None = None
) -> dict[str, Any]:
    """An event of API Gateway's HTTP API, payload 2.0, as AWS documents it; bytes travel as base64."""
    encoded = isinstance(body, bytes)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "api.execute-api.eu-west-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "t"},
            "requestId": "r",
            "routeKey": "$default",
            "stage": "$default",
            "time": "02/Jan/2026:03:04:05 +0000",
            "timeEpoch": 1767323045000,
        },
        "isBase64Encoded": encoded,
    }
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


def opened(outcome: Outcome) -> tuple[int, dict[str, str], Any]:
    """An HTTP answer's status, headers and content: JSON read, anything else as it is."""
    answer = outcome.content
    body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]
    read = json.loads(body) if "json" in answer["headers"].get("content-type", "") else body or None
    return answer["statusCode"], answer["headers"], read


@pytest.fixture
def cleanup(database_url: str) -> Iterator[LambdaRuntime]:
    """cleanup-stale on Lambda."""
    with LambdaRuntime(CLEANUP, environment(database_url)) as running:
        yield running


def test_lambda_answers_an_http_call(cleanup: LambdaRuntime) -> None:
    body = json.dumps({"scheduled_for": AT})
    status, headers, content = opened(cleanup.invoke(http_event("/cleanup-stale", headers=KEY, body=body)))
    assert (status, headers["content-type"]) == (200, "application/json")
    assert (content["job"], content["status"]) == ("cleanup-stale", "success")


def test_lambda_takes_bodies_in_base64_and_headers_in_any_case(cleanup: LambdaRuntime) -> None:
    event = http_event(
        "/cleanup-stale",
        headers={"Authorization": KEY["authorization"]},
        body=json.dumps({"scheduled_for": AT}).encode(),
    )
    status, _, content = opened(cleanup.invoke(event))
    again = opened(cleanup.invoke(event))[2]
    assert (status, content["status"]) == (200, "success")
    assert again["detail"] == f"already done as run {content['run_id']}"


@pytest.mark.parametrize("event", [{}, {"time": AT}, {"trigger": "schedule"}], ids=str)
def test_without_a_key_an_http_call_is_refused_whatever_it_says(cleanup: LambdaRuntime, event: dict[str, Any]) -> None:
    status, headers, content = opened(cleanup.invoke({**http_event("/cleanup-stale"), **event}))
    assert (status, content["status"], headers["content-type"]) == (401, 401, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/cleanup-stale", 405), ("POST", "/cleanup-stale/elsewhere", 404)]
)
def test_lambda_answers_problems_as_such(cleanup: LambdaRuntime, method: str, path: str, status: int) -> None:
    found, headers, content = opened(cleanup.invoke(http_event(path, method=method, headers=KEY)))
    assert (found, content["status"], headers["content-type"]) == (status, status, "application/problem+json")


def test_lambda_refuses_a_body_over_the_limit(cleanup: LambdaRuntime) -> None:
    assert opened(cleanup.invoke(http_event("/cleanup-stale", headers=KEY, body=b" " * (MAX_BODY + 1))))[0] == 413


RULE = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": AT,
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:000000000000:rule/nightshift"],
    "detail": {},
}


@pytest.mark.parametrize(
    "event", [RULE, {"scheduled_for": AT}, {"scheduled_for": AT, "trigger": "schedule"}], ids=["rule", "input", "both"]
)
def test_a_timers_event_is_a_tick_of_its_time(cleanup: LambdaRuntime, event: dict[str, Any]) -> None:
    outcome = cleanup.invoke(event)
    assert (outcome.kind, outcome.content["status"]) == ("response", "success")
    again = cleanup.invoke({"scheduled_for": "2026-01-02T23:00:00Z"})
    assert again.content["detail"] == f"already done as run {outcome.content['run_id']}"


@pytest.mark.parametrize("event", [{}, {"scheduled_for": None}, {"anything": 1}], ids=str)
def test_a_timer_that_says_nothing_means_now(cleanup: LambdaRuntime, event: dict[str, Any]) -> None:
    assert cleanup.invoke(event).content["status"] == "success"


def test_a_direct_call_may_name_its_run(cleanup: LambdaRuntime) -> None:
    run = "01928374-0000-7000-8000-000000000001"
    assert cleanup.invoke({"run_id": run, "trigger": "admin"}).content["run_id"] == run


def test_a_failed_run_is_a_failed_invocation_so_that_lambda_counts_it() -> None:
    away = environment(f"postgresql://postgres@127.0.0.1:{free_port()}/none") | {"DB_TIMEOUT": "300ms"}
    with LambdaRuntime(CLEANUP, away) as running:
        outcome = running.invoke(RULE)
    assert outcome.kind == "error"
    assert outcome.content["errorMessage"] == "The run failed: UnavailableError."


def test_wrong_settings_are_named_in_the_answer() -> None:
    with LambdaRuntime(CLEANUP, {"DB_POOL_MAX": "many", "LINGER_SECONDS": "-1"}) as running:
        direct = running.invoke(RULE)
        status, _, content = opened(running.invoke(http_event("/cleanup-stale", headers=KEY)))
    assert "DB_POOL_MAX" in direct.content["errorMessage"]
    assert "LINGER_SECONDS" in direct.content["errorMessage"]
    assert (status, content["detail"]) == (500, direct.content["errorMessage"])


def test_one_instance_keeps_its_connection_between_calls(cleanup: LambdaRuntime) -> None:
    for day in range(1, 6):
        assert cleanup.invoke({"scheduled_for": f"2026-01-0{day}T00:00:00Z"}).content["status"] == "success"


def test_a_module_that_is_missing_is_an_init_error(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import nothing_of_that_name\n")
    with LambdaRuntime("main.handler", {}, root=tmp_path) as running:
        outcome = running.invoke({})
    assert (outcome.kind, outcome.content["errorType"]) == ("init", "Runtime.ImportModuleError")


@pytest.fixture
def in_process(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process as Lambda's, on the test's database."""
    for name, value in environment(database_url).items():
        monkeypatch.setenv(name, value)
    for kept in (entrypoint.resources, entrypoint.loop):
        kept.cache_clear()
    yield
    entrypoint.loop().run_until_complete(entrypoint.resources().close())
    entrypoint.loop().close()
    for kept in (entrypoint.resources, entrypoint.loop):
        kept.cache_clear()


@pytest.mark.usefixtures("in_process")
def test_one_loop_serves_call_after_call() -> None:
    for day in (1, 2):
        event = {"scheduled_for": f"2026-01-0{day}T00:00:00Z"}
        assert handler(event, Context(60_000))["status"] == "success"
    refused = handler(http_event("/cleanup-stale"), Context(60_000))
    assert (refused["statusCode"], refused["isBase64Encoded"]) == (401, True)


@pytest.mark.usefixtures("in_process")
def test_a_direct_call_that_is_wrong_raises_what_is_wrong() -> None:
    with pytest.raises(NightshiftError, match="not as expected"):
        handler({"scheduled_for": "yesterday"}, Context(60_000))


class Context:
    """What Lambda hands over beside the event."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.mark.parametrize("event", [http_event("/x"), RULE], ids=["http", "timer"])
@pytest.mark.parametrize("milliseconds", [0, 1, 90_000])
def test_a_request_knows_how_long_it_may_take(event: dict[str, Any], milliseconds: int) -> None:
    assert from_lambda(event, Context(milliseconds)).seconds_left == milliseconds / 1000


def test_a_request_carries_all_that_came() -> None:
    event = http_event("/shop/items", method="PUT", headers={"X-Request-Id": "r-1"}, body=b"\x00\xff")
    event["queryStringParameters"] = {"page": "2"}
    request = from_lambda(event, Context(1))
    assert (request.method, request.path, request.body, request.remote) == (
        "PUT",
        "/shop/items",
        b"\x00\xff",
        "192.0.2.7",
    )
    assert (request.headers["x-request-id"], request.query, request.trusted) == ("r-1", {"page": "2"}, False)


def test_lambdas_cookies_are_the_header_that_they_came_in() -> None:
    event = {**http_event("/console"), "cookies": ["a=1", "b=2"]}
    assert from_lambda(event, Context(1)).headers["cookie"] == "a=1; b=2"


def test_a_cookie_that_is_given_goes_where_lambda_wants_it() -> None:
    answer = entrypoint.to_lambda(Response(303, headers={"set-cookie": "a=1; HttpOnly", "location": "/console"}))
    assert (answer["cookies"], answer["headers"]) == (["a=1; HttpOnly"], {"location": "/console"})
