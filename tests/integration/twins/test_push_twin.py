"""The stand-in of Expo and FCM: their limits and errors as they are documented."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from infra.local import keys
from infra.local.twins import PushConfig, PushTwin
from infra.local.twins.push import EXPO_BATCH
from tests.integration.twins.conftest import FakeClock

TOKEN = "ExponentPushToken[one]"
BEARER = {"Authorization": f"Bearer {keys.EXPO_KEY}"}


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[PushTwin]:
    async with PushTwin(config=PushConfig(expo_rate=(200, 1.0), fcm_rate=(2, 60.0)), clock=clock) as running:
        yield running


async def expo(http: httpx.AsyncClient, twin: PushTwin, number: int = 1, token: str = TOKEN) -> httpx.Response:
    notes = [{"to": token, "title": "t", "body": "b"}] * number
    return await http.post(f"{twin.url}/--/api/v2/push/send", json=notes, headers=BEARER)


async def fcm(http: httpx.AsyncClient, twin: PushTwin, **message: Any) -> httpx.Response:
    twin.granted.add("ya29.known")
    url = f"{twin.url}/v1/projects/{keys.FCM_PROJECT}/messages:send"
    return await http.post(url, json={"message": message}, headers={"Authorization": "Bearer ya29.known"})


async def test_a_ticket_leads_to_a_receipt(http: httpx.AsyncClient, twin: PushTwin) -> None:
    [ticket] = (await expo(http, twin)).json()["data"]
    url = f"{twin.url}/--/api/v2/push/getReceipts"
    receipts = await http.post(url, json={"ids": [ticket["id"], "unknown"]}, headers=BEARER)
    assert receipts.json() == {"data": {ticket["id"]: {"status": "ok"}}}


async def test_expo_takes_a_hundred_at_once_and_no_more(http: httpx.AsyncClient, twin: PushTwin) -> None:
    fits, over = await expo(http, twin, EXPO_BATCH), await expo(http, twin, EXPO_BATCH + 1)
    assert (fits.status_code, len(fits.json()["data"])) == (200, EXPO_BATCH)
    assert (over.status_code, over.json()["errors"][0]["code"]) == (400, "PUSH_TOO_MANY_NOTIFICATIONS")


async def test_one_wrong_token_makes_the_whole_request_wrong(http: httpx.AsyncClient, twin: PushTwin) -> None:
    answer = await expo(http, twin, token="no token")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR")


async def test_expos_rate_is_over_notifications_and_not_requests(
    http: httpx.AsyncClient, twin: PushTwin, clock: FakeClock
) -> None:
    codes = [(await expo(http, twin, EXPO_BATCH)).status_code for _ in range(3)]
    clock.advance(1)
    assert [*codes, (await expo(http, twin, EXPO_BATCH)).status_code] == [200, 200, 429, 200]


async def test_expo_wants_the_key(http: httpx.AsyncClient, twin: PushTwin) -> None:
    url = f"{twin.url}/--/api/v2/push/send"
    assert (await http.post(url, json=[{"to": TOKEN}])).status_code == 401


async def test_fcm_wants_a_token_of_googles_and_its_own_project(http: httpx.AsyncClient, twin: PushTwin) -> None:
    url = f"{twin.url}/v1/projects/{keys.FCM_PROJECT}/messages:send"
    assert (await http.post(url, json={"message": {"token": "a"}})).status_code == 401
    assert (await fcm(http, twin, token="a")).status_code == 200
    other = f"{twin.url}/v1/projects/another/messages:send"
    headers = {"Authorization": "Bearer ya29.known"}
    assert (await http.post(other, json={"message": {"token": "a"}}, headers=headers)).status_code == 404


async def test_google_gives_no_token_for_what_is_no_assertion(http: httpx.AsyncClient, twin: PushTwin) -> None:
    answer = await http.post(f"{twin.url}/token", data={"grant_type": "x", "assertion": "y"})
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


async def test_fcms_rate_ends_with_a_429_that_names_a_time(http: httpx.AsyncClient, twin: PushTwin) -> None:
    answers = [await fcm(http, twin, fid="a") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].headers["retry-after"], answers[2].json()["error"]["status"]) == ("60", "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("message", [{}, {"token": "a", "data": {"x": "y" * 5000}}], ids=["nobody", "too big"])
async def test_fcm_says_of_a_wrong_message_not_that_the_address_is_wrong(
    http: httpx.AsyncClient, twin: PushTwin, message: dict[str, Any]
) -> None:
    error = (await fcm(http, twin, **message)).json()["error"]
    assert (error["code"], [sorted(detail) for detail in error["details"]]) == (400, [["@type", "errorCode"]])
