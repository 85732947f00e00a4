"""How Stripe's answers are told apart: by their status codes alone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared import retry
from shared.errors import ConfigurationError
from shared.providers.stripe_api import StripeRefusedError, StripeUnavailableError, disabled_endpoints, events
from shared.settings import Settings
from tests.payments import event

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings.model_validate({"stripe_api_key": "sk_test_1", "stripe_api_base": "http://stripe.test"})
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_DELAY", 0.0)


async def listed(handler: Handler, settings: Settings = SETTINGS, **query: Any) -> list[str]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http:
        return [one.event.id async for page in events(http, settings, created_gte=SINCE, **query) for one in page]


def answers(*responses: httpx.Response) -> Handler:
    left: Iterator[httpx.Response] = iter(responses)
    return lambda _: next(left)


def page(*found: dict[str, Any], more: bool = False) -> httpx.Response:
    return httpx.Response(200, json={"object": "list", "data": list(found), "has_more": more})


def failed(status: int, **error: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": error})


async def test_pages_follow_each_other_by_cursor() -> None:
    asked: list[httpx.Request] = []
    first, second = event("invoice.paid", event_id="evt_1"), event("invoice.paid", event_id="evt_2")
    given = answers(page(first, more=True), page(second))

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return given(request)

    assert await listed(handler) == ["evt_1", "evt_2"]
    assert dict(asked[1].url.params) == {"limit": "100", "created[gte]": "1767225600", "starting_after": "evt_1"}
    assert asked[0].headers["authorization"] == "Bearer sk_test_1"


async def test_an_empty_page_ends_the_list_whatever_it_claims() -> None:
    assert await listed(answers(page(more=True))) == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_limit_or_an_outage_is_tried_again(status: int) -> None:
    assert await listed(answers(failed(status), failed(status), page(event("invoice.paid", event_id="evt_1")))) == [
        "evt_1"
    ]


async def test_an_outage_that_lasts_is_left_to_a_later_run() -> None:
    with pytest.raises(StripeUnavailableError, match="503"):
        await listed(answers(*[failed(503)] * 4))


async def test_a_connection_that_breaks_is_an_outage() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(StripeUnavailableError, match="ConnectError"):
        await listed(handler)


async def test_an_answer_that_is_no_list_is_an_outage() -> None:
    with pytest.raises(StripeUnavailableError, match="not a list"):
        await listed(lambda _: httpx.Response(200, text="<html>"))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_its_setting(status: int) -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_API_KEY"):
        await listed(answers(failed(status)))


async def test_a_missing_key_names_its_setting() -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_API_KEY is not set"):
        await listed(answers(), Settings.model_validate({}))


@pytest.mark.parametrize(
    ("answer", "code"),
    [(failed(400, code="resource_missing"), "resource_missing"), (httpx.Response(404, text="?"), None)],
)
async def test_a_refused_request_carries_stripes_code(answer: httpx.Response, code: str | None) -> None:
    with pytest.raises(StripeRefusedError) as refusal:
        await listed(answers(answer), after="evt_gone")
    assert refusal.value.extra["code"] == code


async def test_an_event_that_cannot_be_read_does_not_hide_the_others() -> None:
    assert await listed(answers(page({"id": "evt_0"}, event("invoice.paid", event_id="evt_1")))) == ["evt_1"]


async def test_disabled_endpoints_are_named() -> None:
    found = page({"id": "we_1", "status": "enabled"}, {"id": "we_2", "status": "disabled"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(answers(found))) as http:
        assert await disabled_endpoints(http, SETTINGS) == ["we_2"]
