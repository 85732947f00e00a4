import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.local.twins import ResendConfig, ResendTwin, TwinClient
from tests.integration.twins.conftest import FakeClock

KEY = ResendConfig().api_key
EMAIL = {"from": "Night <night@example.org>", "to": "anna@example.org", "subject": "hi", "text": "body"}


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[ResendTwin]:
    async with ResendTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def admin(twin: ResendTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


async def send(
    twin: ResendTwin,
    *,
    key: str | None = None,
    api_key: str | None = KEY,
    **changes: Any,
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    if key is not None:
        headers["Idempotency-Key"] = key
    body = {name: value for name, value in {**EMAIL, **changes}.items() if value is not None}
    async with httpx.AsyncClient(base_url=twin.url, timeout=30, trust_env=False) as http:
        return await http.post("/emails", json=body, headers=headers)


def error(response: httpx.Response) -> tuple[int, str]:
    assert response.json()["statusCode"] == response.status_code
    return response.status_code, response.json()["name"]


def outcomes(twin: ResendTwin) -> list[str]:
    return [record["outcome"] for record in twin.journal.all()]


async def test_an_email_is_accepted_and_gets_an_id(twin: ResendTwin) -> None:
    response = await send(twin)
    assert response.status_code == 200
    assert twin.journal.all()[0]["email_id"] == response.json()["id"]


async def test_without_a_key_it_answers_401(twin: ResendTwin) -> None:
    assert error(await send(twin, api_key=None)) == (401, "missing_api_key")


async def test_with_a_wrong_key_it_answers_403(twin: ResendTwin) -> None:
    assert error(await send(twin, api_key="re_wrong")) == (403, "invalid_api_key")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"from": None}, "missing_required_field"),
        ({"subject": None}, "missing_required_field"),
        ({"from": "nobody"}, "validation_error"),
        ({"to": "nobody"}, "validation_error"),
        ({"to": ["a@example.org"] * 51}, "validation_error"),
        ({"text": None}, "validation_error"),
    ],
)
async def test_an_email_that_cannot_be_sent_is_unprocessable(
    twin: ResendTwin, changes: dict[str, Any], name: str
) -> None:
    assert error(await send(twin, **changes)) == (422, name)


async def test_a_sixth_request_within_a_second_gets_429_with_retry_after(twin: ResendTwin, clock: FakeClock) -> None:
    for _ in range(5):
        await send(twin)
    refused = await send(twin)
    assert error(refused) == (429, "rate_limit_exceeded")
    assert refused.headers["retry-after"] == "1"
    clock.advance(1)
    assert (await send(twin)).status_code == 200


async def test_every_answer_says_what_is_left_of_the_rate(twin: ResendTwin) -> None:
    headers = (await send(twin)).headers
    assert [headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")] == ["5", "4", "1"]


async def test_a_used_up_daily_quota_has_its_own_name_and_ends_with_the_day(clock: FakeClock) -> None:
    async with ResendTwin(config=ResendConfig(daily=1), clock=clock) as twin:
        await send(twin)
        assert error(await send(twin)) == (429, "daily_quota_exceeded")
        clock.advance(86_400)
        assert (await send(twin)).status_code == 200


async def test_the_quota_can_be_used_up_on_request(twin: ResendTwin, admin: TwinClient) -> None:
    await admin.fault("quota", times=1)
    assert error(await send(twin)) == (429, "daily_quota_exceeded")
    assert (await send(twin)).status_code == 200


async def test_the_same_key_and_email_is_sent_once_and_answered_twice(twin: ResendTwin) -> None:
    first, second = await send(twin, key="recap/1"), await send(twin, key="recap/1")
    assert first.json() == second.json()
    assert outcomes(twin) == ["delivered", "repeated"]


async def test_the_same_key_with_another_email_is_a_conflict(twin: ResendTwin) -> None:
    await send(twin, key="recap/1")
    refused = await send(twin, key="recap/1", subject="other")
    assert error(refused) == (409, "invalid_idempotent_request")


async def test_a_key_is_forgotten_after_a_day(twin: ResendTwin, clock: FakeClock) -> None:
    await send(twin, key="recap/1")
    clock.advance(86_400)
    await send(twin, key="recap/1")
    assert outcomes(twin) == ["delivered", "delivered"]


async def test_a_key_longer_than_256_characters_is_invalid(twin: ResendTwin) -> None:
    assert error(await send(twin, key="k" * 257)) == (400, "invalid_idempotency_key")


async def test_a_key_whose_first_request_has_not_ended_is_in_progress(twin: ResendTwin, admin: TwinClient) -> None:
    await admin.fault("hang_after")
    first = asyncio.create_task(send(twin, key="recap/1"))
    for _ in range(1_000):
        if twin.journal.all():
            break
        await asyncio.sleep(0.005)
    assert error(await send(twin, key="recap/1")) == (409, "concurrent_idempotent_requests")
    first.cancel()


async def test_after_a_dropped_answer_the_key_finds_the_email_that_was_sent(
    twin: ResendTwin, admin: TwinClient
) -> None:
    await admin.fault("drop_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await send(twin, key="recap/1")
    answer = await send(twin, key="recap/1")
    assert answer.json()["id"] == twin.journal.all()[0]["email_id"]
    assert outcomes(twin) == ["delivered", "repeated"]


async def test_an_outage_answers_500_and_sends_nothing(twin: ResendTwin, admin: TwinClient) -> None:
    await admin.fault("outage", mode="500")
    assert (await send(twin)).status_code == 500
    assert outcomes(twin) == ["outage"]


async def test_a_fault_can_concern_one_recipient(twin: ResendTwin, admin: TwinClient) -> None:
    await admin.fault("outage", only=["anna@example.org"])
    assert (await send(twin)).status_code == 503
    assert (await send(twin, to="ben@example.org")).status_code == 200


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"to": 5}'])
async def test_a_body_that_is_no_email_is_unprocessable(twin: ResendTwin, http: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    assert error(await http.post(f"{twin.url}/emails", content=body, headers=headers))[0] == 422
