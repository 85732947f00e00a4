"""send-email: what is taken in, what is refused and why, and that it never sends (spec, section 4)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.send_email.main import app
from functions.send_email.message import Message
from infra.local.twins.smtp import SmtpTwin
from shared.outcome import Dead
from shared.providers.letter import letter
from shared.resources import Resources
from shared.web import Request, Response
from tests.mails import ID, mail
from tests.nightshift import SERVICE_KEY, Connection, content, post, row

HELLO: dict[str, Any] = {"to": "anna@example.org", "subject": "Hello", "text": "Good morning."}


async def stored(conn: Connection) -> int:
    found = await (await conn.execute("select count(*) as n from email_queue")).fetchone()
    return int((found or {})["n"])


def problems(response: Response) -> list[str]:
    assert response.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in content(response).get("errors", [])]


async def test_an_email_is_queued_and_not_sent(resources: Resources, conn: Connection, mailbox: SmtpTwin) -> None:
    answer = await post(app, resources, HELLO)
    body = content(answer)
    queued = await row(conn, "email_queue", UUID(body["id"]))
    assert (answer.status, body["status"], body["duplicate"]) == (202, "pending", False)
    assert (queued["to_email"], queued["subject"], queued["status"]) == ("anna@example.org", "Hello", "pending")
    assert mailbox.journal.all() == []


async def test_an_email_may_say_everything(resources: Resources, conn: Connection) -> None:
    send_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    more = {
        "html": "<p>Hi</p>",
        "from_email": "Köln <a@bücher.example>",
        "reply_to": "Help <h@example.com>",
        "headers": {"X-Order": "o_1"},
        "email_type": "receipt",
        "metadata": {"order": {"id": 7, "lines": [1, None, True, 1.5, "x\ny"]}},
        "unsubscribe_url": "https://x.example/u",
        "idempotency_key": "o_1",
        "send_at": send_at.isoformat(),
    }
    queued = await row(conn, "email_queue", UUID(content(await post(app, resources, HELLO | more))["id"]))
    assert {name: queued[name] for name in ("html", "from_email", "reply_to", "headers", "email_type")} == {
        name: more[name] for name in ("html", "from_email", "reply_to", "headers", "email_type")
    }
    assert queued["metadata"] == {**more["metadata"], "unsubscribe_url": "https://x.example/u"}  # type: ignore[dict-item]
    assert (queued["idempotency_key"], queued["next_retry_at"]) == ("o_1", send_at)


async def test_a_template_is_filled_and_queued(resources: Resources, conn: Connection) -> None:
    values = {"date": "2 January", "recap": "We talked & laughed."}
    body = {"to": "anna@example.org", "template": "recap_ready", "values": values}
    answer = await post(app, resources, body | {"unsubscribe_url": "https://x.example/u"})
    queued = await row(conn, "email_queue", UUID(content(answer)["id"]))
    assert queued["subject"] == "Your recap of 2 January"
    assert "We talked &amp; laughed." in queued["html"]
    assert "We talked & laughed." in queued["text"]
    assert "https://x.example/u" in queued["html"]


async def test_a_template_names_the_values_that_it_misses(resources: Resources, conn: Connection) -> None:
    answer = await post(app, resources, {"to": "anna@example.org", "template": "recap_ready"})
    assert (answer.status, problems(answer), await stored(conn)) == (422, ["values"], 0)


@pytest.mark.parametrize("where", ["body", "header", "both"])
async def test_a_repeated_call_finds_its_email(resources: Resources, conn: Connection, where: str) -> None:
    body = HELLO | ({"idempotency_key": "k"} if where != "header" else {})
    headers = {"authorization": f"Bearer {SERVICE_KEY}"} | ({"idempotency-key": "k"} if where != "body" else {})
    request = Request("POST", "/send-email", headers, body=json.dumps(body).encode())
    first, again = [content(await app(request, resources)) for _ in range(2)]
    assert again == {"id": first["id"], "status": "pending", "duplicate": True}
    assert await stored(conn) == 1


async def test_a_repeated_call_says_where_its_email_stands(resources: Resources, conn: Connection) -> None:
    await post(app, resources, HELLO | {"idempotency_key": "k"})
    await conn.execute("update email_queue set status = 'sent', sent_at = now(), finished_at = now()")
    assert content(await post(app, resources, HELLO | {"idempotency_key": "k"}))["status"] == "sent"


async def test_a_key_of_another_email_is_a_conflict(resources: Resources) -> None:
    await post(app, resources, HELLO | {"idempotency_key": "k"})
    answer = await post(app, resources, HELLO | {"idempotency_key": "k", "subject": "Other"})
    assert (answer.status, content(answer)["field"]) == (409, "idempotency_key")


@pytest.mark.parametrize("header", ["other", "", "a\x01b", "x" * 257])
async def test_a_key_in_the_header_must_be_one_and_agree(resources: Resources, conn: Connection, header: str) -> None:
    headers = {"authorization": f"Bearer {SERVICE_KEY}", "idempotency-key": header}
    body = json.dumps(HELLO | {"idempotency_key": "k"}).encode()
    answer = await app(Request("POST", "/", headers, body=body), resources)
    assert (answer.status, problems(answer), await stored(conn)) == (422, ["Idempotency-Key"], 0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": None}, "to"),
        ({"to": ""}, "to"),
        ({"to": "anna"}, "to"),
        ({"to": "anna@"}, "to"),
        ({"to": "a@b@example.org"}, "to"),
        ({"to": "anna @example.org"}, "to"),
        ({"to": "Anna <anna@example.org>"}, "to"),
        ({"to": "anna@example.org\r\nBcc: b@example.org"}, "to"),
        ({"to": "anna\x00@example.org"}, "to"),
        ({"to": "a" * 250 + "@example.org"}, "to"),
        ({"to": ["anna@example.org"]}, "to"),
        ({"subject": ""}, "subject"),
        ({"subject": " "}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"subject": "a" * 999}, "subject"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "a\x1b[31mb"}, "text"),
        ({"text": " "}, "text"),
        ({"html": ""}, "html"),
        ({"html": "a\x00b"}, "html"),
        ({"from_email": "nobody"}, "from_email"),
        ({"from_email": "A\nB <a@example.org>"}, "from_email"),
        ({"reply_to": "a@b@c"}, "reply_to"),
        ({"headers": {"Bcc": "b@example.org"}}, "headers"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers"),
        ({"headers": {"X A": "1"}}, "headers"),
        ({"headers": {"X-A": 1}}, "headers.X-A"),
        ({"headers": []}, "headers"),
        ({"email_type": "a b"}, "email_type"),
        ({"email_type": "a\n"}, "email_type"),
        ({"metadata": {"a": "\x00"}}, "metadata"),
        ({"metadata": {"\x00": 1}}, "metadata"),
        ({"metadata": {"a": [{"b": "\ud800"}]}}, "metadata"),
        ({"metadata": {"a": float("inf")}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"unsubscribe_url": "mailto:x"}}, "body"),
        ({"metadata": {"unsubscribe_url": "https://x.example"}, "unsubscribe_url": "https://y.example"}, "body"),
        ({"unsubscribe_url": "javascript:x"}, "unsubscribe_url"),
        ({"unsubscribe_url": "https://x.example/>\n"}, "unsubscribe_url"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": "k" * 257}, "idempotency_key"),
        ({"idempotency_key": "a\x00"}, "idempotency_key"),
        ({"send_at": "tomorrow"}, "send_at"),
        ({"send_at": "2026-01-02T03:04:05"}, "send_at"),
        ({"send_at": "9999-12-31T23:59:59-14:00"}, "send_at"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"template": "recap_ready"}, "body"),
        ({"template": "../base"}, "template"),
        ({"subject": None}, "body"),
        ({"text": None}, "body"),
        ({"values": {"a": [1]}, "template": "recap_ready"}, "values.a.str"),
    ],
)
async def test_bad_input_is_refused_by_field_and_nothing_is_stored(
    resources: Resources, conn: Connection, change: dict[str, Any], field: str
) -> None:
    answer = await post(app, resources, HELLO | change)
    assert (answer.status, await stored(conn)) == (422, 0)
    assert field in problems(answer)
    assert "anna" not in answer.body.decode()


async def test_metadata_without_a_bottom_is_refused(resources: Resources, conn: Connection) -> None:
    nested = '{"a":' * 25 + "1" + "}" * 25
    body = json.dumps(HELLO)[:-1] + f', "metadata": {nested}}}'
    answer = await post(app, resources, body.encode())
    assert (answer.status, problems(answer), await stored(conn)) == (422, ["metadata"], 0)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"to": ' + b"9" * 5000 + b"}"])
async def test_what_is_no_json_is_a_bad_request(resources: Resources, body: bytes) -> None:
    assert (await post(app, resources, body)).status == 400


async def test_a_body_of_more_than_a_megabyte_is_too_large(resources: Resources) -> None:
    assert (await post(app, resources, HELLO | {"html": "x" * (1 << 20)})).status == 413


async def test_without_a_key_nobody_gets_in(resources: Resources, conn: Connection) -> None:
    answer = await post(app, resources, HELLO, key="wrong")
    assert (answer.status, await stored(conn)) == (401, 0)


texts = st.text(max_size=40) | st.text(alphabet="a\r\n\x00 @<>,\"'\\:é", max_size=20)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.fixed_dictionaries(
        {"to": texts | st.just("anna@example.org"), "subject": texts, "text": texts},
        optional={
            "html": texts,
            "from_email": texts | st.builds("{} <a@example.org>".format, texts),
            "reply_to": texts,
            "headers": st.dictionaries(texts | st.just("X-A"), texts, max_size=2),
            "unsubscribe_url": texts | st.builds("https://x.example/{}".format, texts),
        },
    )
)
def test_what_is_taken_in_can_be_sent(body: dict[str, Any]) -> None:
    try:
        request = Message.model_validate(body).request()
    except ValidationError:
        return
    asked = {"to_email": request.to, "subject": request.subject, "html": request.html, "text": request.text}
    more = {"from_email": request.from_email or "a@b.c", "reply_to": request.reply_to, "headers": request.headers}
    sent = mail(id=ID, unsubscribe_url=request.metadata.get("unsubscribe_url"), **asked, **more)
    assert not isinstance(letter(sent), Dead)
