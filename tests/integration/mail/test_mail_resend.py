"""Mails through Resend: against its twin, and answer by answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from infra.local.twins.faults import DropAfter, Malformed, Outage, Throttle
from infra.local.twins.resend import KEY, Quota, ResendConfig, ResendTwin
from shared import http
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze
from shared.providers.email_resend import Resend, fate
from tests.mails import ID, mail


@pytest.fixture
async def twin() -> AsyncIterator[ResendTwin]:
    async with ResendTwin(config=ResendConfig(rate=(100, 1.0))) as twin:
        yield twin


@pytest.fixture
async def resend(twin: ResendTwin) -> AsyncIterator[Resend]:
    async with http.client() as client:
        mailer = Resend(client, base=twin.url, key=SecretStr(KEY), timeout=0.3)
        yield mailer
        await mailer.close()


def seconds(found: Fate) -> float:
    assert isinstance(found, Snooze)
    return (found.until - datetime.now(UTC)).total_seconds()


async def test_an_accepted_mail_is_done_with_resends_id(twin: ResendTwin, resend: Resend) -> None:
    found = await resend.send(mail(html="<p>Hi</p>", text=None, reply_to="Help <h@example.com>"))
    [record] = twin.journal.all()
    assert found == Done(record["email_id"])
    assert (record["to"], record["subject"], record["key"]) == (["anna@example.org"], "Hello", str(ID))


async def test_a_lost_answer_is_repeated_without_a_second_mail(twin: ResendTwin, resend: Resend) -> None:
    twin.apply(DropAfter())
    assert isinstance(await resend.send(mail()), Down)
    assert isinstance(await resend.send(mail()), Done)
    assert [record["outcome"] for record in twin.journal.all()] == ["delivered", "repeated"]


async def test_a_row_that_was_changed_after_it_went_out_is_dead(resend: Resend) -> None:
    await resend.send(mail())
    assert await resend.send(mail(subject="Other")) == Dead("resend 409 invalid_idempotent_request")


async def test_a_throttle_holds_the_channel_for_as_long_as_it_says(twin: ResendTwin, resend: Resend) -> None:
    twin.apply(Throttle(retry_after=7))
    found = await resend.send(mail())
    assert 6 < seconds(found) <= 7
    assert isinstance(found, Snooze)
    assert found.whole_channel


async def test_a_quota_that_is_used_up_holds_the_channel_for_an_hour(twin: ResendTwin, resend: Resend) -> None:
    twin.apply(Quota())
    found = await resend.send(mail())
    assert 3590 < seconds(found) <= 3600
    assert isinstance(found, Snooze)
    assert (found.why, found.whole_channel) == ("resend 429 daily_quota_exceeded", True)


@pytest.mark.parametrize("mode", ["500", "502", "503", "hang", "drop"])
async def test_an_outage_is_down(twin: ResendTwin, resend: Resend, mode: Any) -> None:
    twin.apply(Outage(mode=mode))
    assert isinstance(await resend.send(mail()), Down)


async def test_an_answer_of_somebody_in_between_is_down(twin: ResendTwin, resend: Resend) -> None:
    twin.apply(Malformed())
    assert await resend.send(mail()) == Down("resend: no answer of Resend's own")


async def test_a_wrong_key_is_our_fault_and_never_the_mails(twin: ResendTwin, resend: Resend) -> None:
    resend.key = SecretStr("re_old")
    assert await resend.send(mail()) == Down("resend 403 invalid_api_key")


async def test_a_forged_mail_never_reaches_resend(twin: ResendTwin, resend: Resend) -> None:
    assert isinstance(await resend.send(mail(headers={"X-A": "1\n2"})), Dead)
    assert twin.journal.all() == []


async def test_the_call_carries_everything_and_is_the_same_each_time() -> None:
    calls: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json={"id": "r_1"})

    sent = mail(
        html="<p>Hi</p>",
        from_email='"Ström, \\"Ä\\"" <a@bücher.example>',
        reply_to="h@example.com",
        headers={"X-A": "ü"},
        unsubscribe_url="https://x.example/u",
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(keep)) as client:
        mailer = Resend(client, base="https://api.example/", key=SecretStr(KEY), timeout=1)
        assert [await mailer.send(sent) for _ in range(2)] == [Done("r_1")] * 2
    first, second = calls
    assert (str(first.url), first.content) == ("https://api.example/emails", second.content)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == str(ID)
    assert httpx.Response(200, content=first.content).json() == {
        "from": "Ström, 'Ä' <a@xn--bcher-kva.example>",
        "to": ["anna@example.org"],
        "subject": "Hello",
        "reply_to": "h@example.com",
        "text": "Good morning.",
        "html": "<p>Hi</p>",
        "headers": {
            "X-A": "ü",
            "List-Unsubscribe": "<https://x.example/u>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    }


@pytest.mark.parametrize(
    ("status", "name", "expected"),
    [
        (400, "validation_error", Dead("resend 400 validation_error")),
        (400, "invalid_idempotency_key", Dead("resend 400 invalid_idempotency_key")),
        (401, "missing_api_key", Down("resend 401 missing_api_key")),
        (401, "restricted_api_key", Down("resend 401 restricted_api_key")),
        (403, "validation_error", Down("resend 403 validation_error")),
        (403, "suspended_api_key", Down("resend 403 suspended_api_key")),
        (404, "not_found", Down("resend 404 not_found")),
        (405, "method_not_allowed", Down("resend 405 method_not_allowed")),
        (408, "", Retry("resend 408")),
        (409, "concurrent_idempotent_requests", Retry("resend 409 concurrent_idempotent_requests")),
        (409, "invalid_idempotent_request", Dead("resend 409 invalid_idempotent_request")),
        (413, "", Dead("resend 413")),
        (418, "teapot", Retry("resend 418 teapot")),
        (422, "validation_error", Dead("resend 422 validation_error")),
        (422, "invalid_from_address", Dead("resend 422 invalid_from_address")),
        (451, "security_error", Dead("resend 451 security_error")),
        (500, "application_error", Down("resend 500 application_error")),
        (503, "", Down("resend 503")),
        (302, "", Down("resend 302")),
        (200, "", Down("resend: no answer of Resend's own")),
    ],
)
def test_an_answer_has_the_fate_of_its_code(status: int, name: str, expected: Fate) -> None:
    assert fate(httpx.Response(status, json={"name": name, "message": "anna@example.org is wrong"})) == expected


@pytest.mark.parametrize("body", [b"[1]", b'{"name": {"a": 1}}', b'{"name": "Anna <anna@example.org>"}', b"<html>"])
def test_what_an_answer_says_beside_its_codes_stays_out_of_the_reason(body: bytes) -> None:
    assert fate(httpx.Response(422, content=body)) == Dead("resend 422")


@pytest.mark.parametrize(("after", "expected"), [("12", 12.0), ("", 1.0), ("soon", 1.0), ("99999999", 86400.0)])
def test_a_wait_is_what_the_answer_names_within_reason(after: str, expected: float) -> None:
    found = fate(httpx.Response(429, json={"name": "rate_limit_exceeded"}, headers={"retry-after": after}))
    assert expected - 1 < seconds(found) <= expected


async def test_each_row_has_its_own_key(twin: ResendTwin, resend: Resend) -> None:
    for _ in range(2):
        await resend.send(mail(id=uuid4()))
    assert len({record["key"] for record in twin.journal.all()}) == 2
