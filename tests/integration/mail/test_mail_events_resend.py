"""mail-events, the way of Resend: Svix's signatures, and what Resend tells of sent mails."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.routing import Route

from functions.mail_events.main import app, main
from functions.process_email_queue.main import process_email_queue
from infra.local.program import free_port
from infra.local.twins.resend import KEY, SECRET, ResendConfig, ResendTwin
from infra.local.twins.resend_webhooks import event
from shared import entrypoint
from shared.log import log
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift
from tests.integration.mail.conftest import queued
from tests.integration.mail.mail_events import held, suppressions
from tests.nightshift import Connection, content

ANNA = "anna@example.org"
OTHER = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCE="
EMAIL_ID = "56761188-7520-42d8-8898-ff6fc54ce618"
Event = dict[str, Any]


@pytest.fixture
async def events(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, resend_webhook_secrets=SECRET))
    yield made
    await made.close()


def told(fate: str = "bounced", **changes: Any) -> Event:
    """An event as Resend documents it; changes go to its data."""
    made = event(fate, EMAIL_ID, {"from": "Acme <night@example.com>", "subject": "Hello"}, ANNA, datetime.now(UTC))
    made["data"] |= {"tags": {"category": "receipt"}, **changes}
    return made


async def post(
    resources: Resources, content: Event | bytes, *, secret: str = SECRET, age: int = 0, **headers: str
) -> Response:
    """Post an event as Svix does; headers replace its own."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    identifier = headers.get("svix_id", f"msg_{uuid4().hex}")
    at = int(time.time()) - age
    made = Webhook(secret).sign(identifier, datetime.fromtimestamp(at, UTC), body.decode("latin-1"))
    own = {"svix_id": identifier, "svix_timestamp": str(at), "svix_signature": made} | headers
    named = {name.replace("_", "-"): value for name, value in own.items()}
    return await app(Request("POST", "/mail-events/resend", named, body=body), resources)


async def test_a_bounce_suppresses_its_address(conn: Connection, events: Resources) -> None:
    answer = await post(events, told())
    assert (answer.status, content(answer)) == (200, {"status": "suppressed"})
    assert await suppressions(conn) == {ANNA: "bounce"}
    [kept] = await held(conn)
    assert (kept["provider"], kept["object_id"]) == ("resend", EMAIL_ID)
    assert kept["event_type"] == "email.bounced Permanent General"


async def test_a_complaint_suppresses_its_address(conn: Connection, events: Resources) -> None:
    await post(events, told("complained"))
    assert await suppressions(conn) == {ANNA: "complaint"}


@pytest.mark.parametrize(
    ("bounce", "verdict"),
    [
        ({"type": "Permanent", "subType": "Suppressed", "message": "m"}, "suppressed"),
        ({"message": "an older event, which names no type"}, "suppressed"),
        (None, "suppressed"),
        ({"type": "Transient", "subType": "General"}, "recorded"),
        ({"type": "Undetermined", "subType": "Undetermined"}, "recorded"),
    ],
)
async def test_only_a_bounce_that_stays_suppresses(
    conn: Connection, events: Resources, bounce: Event | None, verdict: str
) -> None:
    answer = await post(events, told(bounce=bounce))
    assert content(answer)["status"] == verdict
    assert await suppressions(conn) == ({ANNA: "bounce"} if verdict == "suppressed" else {})


@pytest.mark.parametrize("to", ["Anna@Example.org", ["ANNA@example.org"], "Anna <anna@example.org>"])
async def test_an_address_is_read_in_every_spelling(conn: Connection, events: Resources, to: Any) -> None:
    await post(events, told(to=to))
    assert await suppressions(conn) == {ANNA: "bounce"}


@pytest.mark.parametrize("to", [[ANNA, "ben@example.org"], [], "nonsense"])
async def test_where_it_is_not_said_who_it_was_nobody_is_suppressed(
    conn: Connection, events: Resources, to: Any
) -> None:
    assert content(await post(events, told(to=to)))["status"] == "recorded"
    assert (await suppressions(conn), len(await held(conn))) == ({}, 1)


@pytest.mark.parametrize("kind", ["email.sent", "email.delivered", "email.opened", "contact.created", "email.new"])
async def test_other_events_are_acknowledged(conn: Connection, events: Resources, kind: str) -> None:
    answer = await post(events, {"type": kind, "created_at": "2026-11-22T23:41:12.126Z", "data": {"id": 7}})
    assert (answer.status, content(answer), await held(conn)) == (200, {"status": "ignored"}, [])


@pytest.mark.parametrize("kind", ["email.failed", "email.suppressed", "email.delivery_delayed"])
async def test_other_trouble_is_recorded(conn: Connection, events: Resources, kind: str) -> None:
    assert content(await post(events, told() | {"type": kind}))["status"] == "recorded"
    assert (await suppressions(conn), len(await held(conn))) == ({}, 1)


async def test_an_event_is_taken_once_whenever_it_is_posted_again(conn: Connection, events: Resources) -> None:
    made = told()
    statuses = [content(await post(events, made, age=age, svix_id="msg_1"))["status"] for age in (0, 60, 0)]
    assert statuses == ["suppressed", "duplicate", "duplicate"]
    assert len(await held(conn)) == 1


async def test_twenty_copies_at_once_are_one(conn: Connection, events: Resources) -> None:
    answers = await asyncio.gather(*[post(events, told(), svix_id="msg_1") for _ in range(20)])
    assert sorted(content(answer)["status"] for answer in answers) == ["duplicate"] * 19 + ["suppressed"]
    assert len(await held(conn)) == 1


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": OTHER},
        {"age": 301},
        {"age": -302},
        {"svix_signature": ""},
        {"svix_signature": "v1,AAAA"},
        {"svix_timestamp": str(int(time.time()) + 1)},
        {"svix_timestamp": ""},
    ],
)
async def test_what_resend_did_not_sign_is_refused(conn: Connection, events: Resources, forged: dict[str, Any]) -> None:
    answer = await post(events, told(), **forged)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert await held(conn) == []


async def test_headers_that_are_missing_are_a_refusal(conn: Connection, events: Resources) -> None:
    answer = await app(Request("POST", "/mail-events/resend", body=json.dumps(told()).encode()), events)
    assert (answer.status, await held(conn)) == (400, [])


@pytest.mark.parametrize("secrets", [f"{OTHER},{SECRET}", f"{SECRET},{OTHER}"])
async def test_both_secrets_hold_while_one_replaces_the_other(database_url: str, secrets: str) -> None:
    rotating = Resources(nightshift.settings(database_url, resend_webhook_secrets=secrets))
    for secret in (SECRET, OTHER):
        assert (await post(rotating, told(), secret=secret)).status == 200
    await rotating.close()


@pytest.mark.parametrize("secrets", ["", "whsec_no base64"])
async def test_without_a_readable_secret_the_answer_names_the_setting(database_url: str, secrets: str) -> None:
    unset = Resources(nightshift.settings(database_url, resend_webhook_secrets=secrets))
    answer = await post(unset, told())
    await unset.close()
    assert answer.status == 500
    assert "RESEND_WEBHOOK_SECRETS" in content(answer)["detail"]
    assert "no base64" not in content(answer)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"no json",
        b"[" * 50_000,
        json.dumps(told(email_id="x y")).encode(),
        b'{"type":"email.bounced"}',
    ],
)
async def test_a_signed_body_that_is_no_event_is_refused_without_quoting_it(
    conn: Connection, events: Resources, body: bytes
) -> None:
    answer = await post(events, body)
    assert (answer.status, content(answer)["detail"]) == (400, "The body is not an event of Resend.")
    assert await held(conn) == []


async def test_a_stopped_database_is_answered_503_so_that_resend_tries_again() -> None:
    url = f"postgresql://postgres@127.0.0.1:{free_port()}/gone"
    gone = Resources(nightshift.settings(url, resend_webhook_secrets=SECRET))
    answer = await post(gone, told())
    await gone.close()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_no_address_reaches_the_log(
    events: Resources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "threshold", "DEBUG")
    for made in (told(), told("complained"), told("soft"), told(to=["a@example.org", "b@example.org"])):
        await post(events, made)
    written = capsys.readouterr().out
    assert '"verdict": "suppressed"' in written
    assert "@" not in written


@pytest.fixture
async def url(events: Resources, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The function behind a real server."""
    monkeypatch.setattr(entrypoint, "resources", lambda: events)
    port = free_port()
    application = Starlette(routes=[Route("/mail-events/resend", main, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{port}/mail-events/resend"
    server.should_exit = True
    await serving


async def test_from_the_queue_to_resend_and_back_into_the_suppression_list(
    conn: Connection, database_url: str, url: str
) -> None:
    async with ResendTwin(config=ResendConfig(rate=(100, 1.0), webhook_url=url)) as twin:
        values = {"email_provider": "resend", "resend_api_base": twin.url, "resend_api_key": KEY}
        sending = Resources(nightshift.settings(database_url, **values))
        people = ["bounced+anna@example.org", "complained+ben@example.org", "soft+cleo@example.org", "dora@example.org"]
        first = [await queued(conn, address) for address in people]
        await nightshift.post(process_email_queue, sending)
        assert twin.webhooks is not None
        await twin.webhooks.finished()
        again = [await queued(conn, address) for address in people]
        await nightshift.post(process_email_queue, sending)
        await twin.webhooks.finished()
        await sending.close()
    assert [(await nightshift.row(conn, "email_queue", email))["status"] for email in first] == ["sent"] * 4
    assert [(await nightshift.row(conn, "email_queue", email))["status"] for email in again] == [
        *("suppressed", "suppressed", "sent", "sent")
    ]
    texts = [await (await conn.execute("select why('email_queue', %s) as why", [email])).fetchone() for email in first]
    ends = [str((text or {})["why"]).partition("; then ")[2].partition(" at ")[0] for text in texts]
    assert ends == ["email.bounced Permanent General", "email.complained", "email.bounced Transient MailboxFull", ""]
