from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import stripe

from infra.local.twins import StripeConfig, StripeTwin, TwinClient
from infra.local.twins.stripe_events import sample
from tests.integration.twins.conftest import FakeClock

KEY = StripeConfig().api_key


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[StripeTwin]:
    async with StripeTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def admin(twin: StripeTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


@pytest.fixture
def now(twin: StripeTwin) -> int:
    return int(twin.watch.wall())


def happen(twin: StripeTwin, *times: int, event_type: str = "invoice.paid") -> list[str]:
    """Events at these times, listed and not posted; their ids."""
    return [twin.emit(event_type, sample(event_type), created=time, withhold=True)["id"] for time in times]


async def get(twin: StripeTwin, path: str = "/v1/events", *, key: str = KEY, **query: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    names = {name.replace("__", "[") + "]" if "__" in name else name: value for name, value in query.items()}
    async with httpx.AsyncClient(base_url=twin.url, timeout=5, trust_env=False) as http:
        return await http.get(path, params=names, headers=headers)


async def ids(twin: StripeTwin, **query: Any) -> list[str]:
    return [event["id"] for event in (await get(twin, **query)).json()["data"]]


async def test_events_are_listed_newest_first(twin: StripeTwin, now: int) -> None:
    first, third, second = happen(twin, now - 30, now - 10, now - 20)
    assert await ids(twin) == [third, second, first]


async def test_events_of_one_second_are_listed_latest_first(twin: StripeTwin, now: int) -> None:
    first, second = happen(twin, now, now)
    assert await ids(twin) == [second, first]


async def test_a_page_has_ten_events_unless_asked(twin: StripeTwin, now: int) -> None:
    happen(twin, *range(now - 12, now))
    answer = (await get(twin)).json()
    assert (answer["object"], answer["url"], len(answer["data"]), answer["has_more"]) == (
        "list",
        "/v1/events",
        10,
        True,
    )


async def test_starting_after_walks_to_the_oldest(twin: StripeTwin, now: int) -> None:
    oldest, middle, newest = happen(twin, now - 3, now - 2, now - 1)
    assert await ids(twin, limit=2) == [newest, middle]
    answer = (await get(twin, limit=2, starting_after=middle)).json()
    assert ([event["id"] for event in answer["data"]], answer["has_more"]) == ([oldest], False)


async def test_ending_before_walks_back_to_the_newest(twin: StripeTwin, now: int) -> None:
    oldest, middle, newest = happen(twin, now - 3, now - 2, now - 1)
    answer = (await get(twin, limit=1, ending_before=oldest)).json()
    assert ([event["id"] for event in answer["data"]], answer["has_more"]) == ([middle], True)
    assert await ids(twin, ending_before=middle) == [newest]


async def test_stripes_own_library_pages_through_all_of_them(twin: StripeTwin, now: int) -> None:
    wanted = happen(twin, *range(now - 25, now))
    client = stripe.StripeClient(KEY, base_addresses={"api": twin.url}, http_client=stripe.HTTPXClient(timeout=5))
    page = await client.v1.events.list_async({"limit": 10, "types": ["invoice.paid"]})
    assert [event.id async for event in page.auto_paging_iter()] == wanted[::-1]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"created__gte": -20}, [0, -10, -20]),
        ({"created__gt": -20}, [0, -10]),
        ({"created__lte": -20}, [-20, -30]),
        ({"created__lt": -20}, [-30]),
        ({"created__gt": -30, "created__lt": 0}, [-10, -20]),
        ({"created": -20}, [-20]),
    ],
)
async def test_created_bounds_are_honoured(
    twin: StripeTwin, now: int, query: dict[str, Any], wanted: list[int]
) -> None:
    happen(twin, now - 30, now - 20, now - 10, now)
    bounds: dict[str, Any] = {name: now + value for name, value in query.items()}
    found = (await get(twin, **bounds)).json()["data"]
    assert [event["created"] - now for event in found] == wanted


async def test_types_are_honoured_with_stars(twin: StripeTwin, now: int) -> None:
    (paid,) = happen(twin, now)
    (refunded,) = happen(twin, now, event_type="charge.refunded")
    assert await ids(twin, type="charge.*") == [refunded]
    assert await ids(twin, types__="invoice.paid") == [paid]


async def test_events_that_no_endpoint_took_can_be_asked_for(twin: StripeTwin, now: int) -> None:
    missed, taken = happen(twin, now, now)
    next(event for event in twin.events if event["id"] == taken)["pending_webhooks"] = 0
    assert await ids(twin, delivery_success="false") == [missed]


async def test_events_older_than_thirty_days_are_gone(twin: StripeTwin, now: int, clock: FakeClock) -> None:
    happen(twin, now)
    clock.advance(30 * 86_400 + 1)
    assert await ids(twin) == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "ten"},
        {"starting_after": "evt_unknown"},
        {"starting_after": "a", "ending_before": "b"},
        {"created__gte": "yesterday"},
        {"color": "blue"},
    ],
)
async def test_parameters_that_are_not_stripes_are_refused(twin: StripeTwin, query: dict[str, Any]) -> None:
    response = await get(twin, **query)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_one_event_is_found_by_its_id(twin: StripeTwin, now: int) -> None:
    (event,) = happen(twin, now)
    assert (await get(twin, f"/v1/events/{event}")).json()["id"] == event
    assert (await get(twin, "/v1/events/evt_unknown")).status_code == 404


@pytest.mark.parametrize("key", ["", "sk_test_wrong"])
async def test_without_the_right_key_it_answers_401(twin: StripeTwin, key: str) -> None:
    response = await get(twin, key=key)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_the_key_is_also_taken_as_a_basic_user(twin: StripeTwin, http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{twin.url}/v1/events", auth=(KEY, ""))).status_code == 200


async def test_requests_over_the_rate_get_429(clock: FakeClock) -> None:
    async with StripeTwin(config=StripeConfig(rate=(1, 1.0)), clock=clock) as twin:
        await get(twin)
        refused = await get(twin)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit")
        clock.advance(1)
        assert (await get(twin)).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [({"kind": "throttle"}, 429), ({"kind": "outage", "mode": "500"}, 500)])
async def test_the_api_fails_on_request(
    twin: StripeTwin, admin: TwinClient, fault: dict[str, Any], status: int
) -> None:
    await admin.fault(**fault, times=1)
    assert (await get(twin)).status_code == status
    assert (await get(twin)).status_code == 200


async def test_the_endpoint_shows_whether_it_is_enabled(twin: StripeTwin, admin: TwinClient) -> None:
    for disabled, status in ((False, "enabled"), (True, "disabled")):
        if disabled:
            await admin.fault("endpoint_disabled")
        (endpoint,) = (await get(twin, "/v1/webhook_endpoints")).json()["data"]
        assert (endpoint["object"], endpoint["status"]) == ("webhook_endpoint", status)
        assert endpoint["url"] == twin.config.webhook_url
