"""Every function of the table under Lambda's own client, with the events that the deployed stage would send it."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from standardwebhooks import Webhook

from shared import table
from tests import players
from tests.conftest import create, drop
from tests.integration.core.test_core_entrypoint import KEY, RULE, environment, http_event, opened
from tests.lambda_runtime import LambdaRuntime, Outcome
from tests.payments import SECRET, event, signature
from tests.services import TEMPLATE, Services

MAIL = {"to": "anna@example.org", "subject": "Hello", "text": "Hi", "email_type": "other"}
RESEND = "whsec_" + base64.b64encode(b"a key of twenty-four bytes").decode()
SECRETS = {"STRIPE_WEBHOOK_SECRETS": SECRET, "RESEND_WEBHOOK_SECRETS": RESEND, "JWT_SECRET": players.SECRET}
READS = {
    "admin": ("/admin/queues", KEY),
    "analytics": ("/analytics", KEY),
    "console": ("/console/sign-in", {}),
    "health": ("/health/readyz", {}),
    "messages": ("/messages", players.bearer(uuid4())),
    "partners": ("/partners", players.bearer(uuid4())),
    "portal": ("/portal/scores", players.bearer(uuid4())),
    "register-device": ("/register-device", players.bearer(uuid4())),
    "shop": ("/shop/items", players.bearer(uuid4())),
}
TASKS = [row.name for row in table.tasks()]


def call(name: str) -> tuple[dict[str, Any], int]:
    """An HTTP event for a function, its body in base64, and the status that it deserves."""
    if name in READS:
        path, headers = READS[name]
        return http_event(path, method="GET", headers=headers), 200
    match name:
        case "stripe-webhook":
            body = json.dumps(event("payment_intent.succeeded")).encode()
            return http_event("/stripe-webhook", headers={"Stripe-Signature": signature(body)}, body=body), 200
        case "send-email":
            return http_event("/send-email", headers=KEY, body=json.dumps(MAIL).encode()), 202
        case "mail-events":
            body, at = json.dumps({"type": "email.delivered"}).encode(), datetime.now(UTC)
            signed = {"svix-id": "msg_1", "svix-timestamp": str(int(at.timestamp()))}
            signed |= {"svix-signature": Webhook(RESEND).sign("msg_1", at, body.decode())}
            return http_event("/mail-events/resend", headers=signed, body=body), 200
    body = json.dumps({"scheduled_for": "2026-01-02T03:04:05Z"}).encode()
    return http_event(f"/{name}", headers=KEY, body=body), 200


def at_its_own_url(sent: dict[str, Any]) -> dict[str, Any]:
    """The event as a function URL sends it: another host, cookies apart, no stage and no route."""
    context = {key: value for key, value in sent["requestContext"].items() if key != "routeKey"}
    return {
        **sent,
        "routeKey": "$default",
        "cookies": ["one=1"],
        "requestContext": {**context, "domainName": "abc.lambda-url.eu-west-1.on.aws", "apiId": "abc"},
    }


@pytest.fixture(scope="module")
def database(services: Services, admin: psycopg.Connection) -> Iterator[str]:
    name = f"test_{uuid4().hex[:12]}"
    create(admin, name, TEMPLATE)
    yield services.database_url(name)
    drop(admin, name)


@pytest.fixture(scope="module", params=list(table.load()))
def running(request: pytest.FixtureRequest, database: str) -> Iterator[tuple[str, LambdaRuntime]]:
    """One instance of each function, for all that follows."""
    row = table.lookup(request.param)
    with LambdaRuntime(row.handler, environment(database) | SECRETS) as instance:
        yield row.name, instance


def answered(outcome: Outcome, status: int) -> bool:
    found, headers, _ = opened(outcome)
    assert headers["content-type"].startswith(("application/json", "text/html"))
    return (outcome.kind, found) == ("response", status)


def test_a_function_answers_the_http_api(running: tuple[str, LambdaRuntime]) -> None:
    name, instance = running
    sent, status = call(name)
    assert answered(instance.invoke(sent), status)


def test_a_function_answers_at_a_url_of_its_own(running: tuple[str, LambdaRuntime]) -> None:
    name, instance = running
    sent, status = call(name)
    assert answered(instance.invoke(at_its_own_url(sent)), status)


def test_a_path_that_is_not_its_own_is_not_found(running: tuple[str, LambdaRuntime]) -> None:
    name, instance = running
    status, headers, _ = opened(instance.invoke(http_event(f"/{name}/no/such/place", method="GET", headers=KEY)))
    assert (status, headers["content-type"]) == (404, "application/problem+json")


def test_a_task_runs_when_its_rule_fires(running: tuple[str, LambdaRuntime]) -> None:
    name, instance = running
    fired = {**RULE, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    outcome = instance.invoke(fired, seconds=table.lookup(name).timeout)
    if name in TASKS:
        assert outcome.kind == "response", outcome.content
        assert outcome.content["job"] == name
        assert outcome.content["status"] in {"success", "skipped"}
    else:  # nothing fires it; if something did, Lambda would count a failure
        assert outcome.kind == "error"
