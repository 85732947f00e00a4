import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from infra.local.twins import ClaudeConfig, ClaudeTwin, TwinClient
from infra.local.twins.claude_faults import Stall
from infra.local.twins.faults import DropAfter
from tests.integration.twins.claude_requests import MODEL, VOICE, batch, params, post
from tests.integration.twins.conftest import FakeClock

BATCHES = "/v1/messages/batches"


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[ClaudeTwin]:
    async with ClaudeTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def admin(twin: ClaudeTwin) -> AsyncIterator[TwinClient]:
    async with TwinClient(twin.url) as client:
        yield client


def error(response: httpx.Response) -> tuple[int, str]:
    assert response.json()["type"] == "error"
    return response.status_code, response.json()["error"]["type"]


def usage(response: httpx.Response) -> tuple[int, int]:
    found = response.json()["usage"]
    return found["cache_creation_input_tokens"], found["cache_read_input_tokens"]


@pytest.mark.parametrize("key", [None, "sk-ant-wrong"])
async def test_without_the_right_key_it_answers_401(twin: ClaudeTwin, key: str | None) -> None:
    assert error(await post(twin, params(), x_api_key=key)) == (401, "authentication_error")


async def test_without_a_version_it_answers_400(twin: ClaudeTwin) -> None:
    assert error(await post(twin, params(), anthropic_version=None)) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "changes",
    [
        {"max_tokens": 0},
        {"max_tokens": None},
        {"messages": []},
        {"messages": [{"role": "user", "content": ""}]},
        {"system": [{"type": "text", "text": ""}]},
        {"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "2h"}}]},
        {"thinking": {"type": "enabled", "budget_tokens": 10}},
        {"colour": "blue"},
    ],
)
async def test_a_request_that_is_none_is_refused(twin: ClaudeTwin, changes: dict[str, Any]) -> None:
    assert error(await post(twin, params(**changes))) == (400, "invalid_request_error")


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]"])
async def test_a_body_that_is_no_object_is_refused(twin: ClaudeTwin, body: bytes) -> None:
    assert error(await post(twin, body)) == (400, "invalid_request_error")


async def test_a_model_that_nobody_knows_is_not_found(twin: ClaudeTwin) -> None:
    assert error(await post(twin, params(model="claude-none"))) == (404, "not_found_error")


async def test_a_request_over_32_megabytes_is_too_large(twin: ClaudeTwin) -> None:
    assert error(await post(twin, params("a" * 32_000_000))) == (413, "request_too_large")


async def test_a_prefix_is_written_once_and_read_for_five_minutes_after_each_use(
    twin: ClaudeTwin, clock: FakeClock
) -> None:
    found = []
    for pause in (0, 299, 299, 300):
        clock.advance(pause)
        found.append(usage(await post(twin, params())))
    assert found == [(800, 0), (0, 800), (0, 800), (800, 0)]


async def test_a_prefix_may_be_kept_for_an_hour(twin: ClaudeTwin, clock: FakeClock) -> None:
    kept = {"type": "text", "text": VOICE, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    await post(twin, params(system=[kept]))
    clock.advance(3599)
    assert usage(await post(twin, params(system=[kept]))) == (0, 800)


async def test_a_short_prefix_is_not_cached(twin: ClaudeTwin) -> None:
    short = {"type": "text", "text": "a" * 511 * 4, "cache_control": {"type": "ephemeral"}}
    found = [usage(await post(twin, params(system=[short]))) for _ in range(2)]
    assert found == [(0, 0), (0, 0)]


async def test_another_prefix_is_written_anew(twin: ClaudeTwin) -> None:
    await post(twin, params())
    other = {"type": "text", "text": "Another voice. " * 400, "cache_control": {"type": "ephemeral"}}
    assert usage(await post(twin, params(system=[other]))) == (1500, 0)


async def test_requests_over_the_limit_wait_until_the_bucket_has_filled(clock: FakeClock) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(2, 10_000, 10_000)), clock=clock) as twin:
        for _ in range(2):
            assert (await post(twin, params())).status_code == 200
        refused = await post(twin, params())
        assert error(refused) == (429, "rate_limit_error")
        assert refused.headers["retry-after"] == "30"
        clock.advance(30)
        assert (await post(twin, params())).status_code == 200


async def test_every_answer_says_what_is_left_of_the_limits(clock: FakeClock) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(10, 60_000, 10_000)), clock=clock) as twin:
        headers = (await post(twin, params())).headers
        left = {name: headers[f"anthropic-ratelimit-{name}-remaining"] for name in ("requests", "input-tokens")}
        assert left == {"requests": "9", "input-tokens": str(60_000 - 800 - 5)}
        reset = datetime.fromisoformat(headers["anthropic-ratelimit-requests-reset"]).timestamp()
        assert 6 <= reset - twin.watch.wall() < 7


async def test_what_the_cache_reads_does_not_count_against_the_limit(clock: FakeClock) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(100, 820, 10_000)), clock=clock) as twin:
        statuses = [(await post(twin, params())).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 200]


async def test_an_answer_that_was_lost_is_billed(twin: ClaudeTwin) -> None:
    twin.apply(DropAfter())
    with pytest.raises(httpx.RemoteProtocolError):
        await post(twin, params())
    await post(twin, params())
    assert (twin.stats()["written"], twin.stats()["repeated"]) == (2, 1)


async def test_a_slow_answer_shows_how_many_are_under_way(twin: ClaudeTwin, admin: TwinClient) -> None:
    await admin.fault("latency", base_ms=30)
    await asyncio.gather(*(post(twin, params(str(number))) for number in range(5)))
    assert (await admin.stats())["peak"] == 5


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "overloaded"}, 529),
        ({"kind": "spent", "limit": "tier"}, 429),
        ({"kind": "spent", "limit": "own"}, 400),
        ({"kind": "spent", "limit": "bill"}, 402),
        ({"kind": "throttle", "retry_after": 171}, 429),
        ({"kind": "outage", "mode": "502"}, 502),
    ],
)
async def test_it_fails_on_request(twin: ClaudeTwin, admin: TwinClient, fault: dict[str, Any], status: int) -> None:
    await admin.fault(**fault, times=1)
    assert (await post(twin, params())).status_code == status
    assert (await post(twin, params())).status_code == 200


async def test_results_have_an_order_of_their_own(twin: ClaudeTwin, clock: FakeClock, http: httpx.AsyncClient) -> None:
    names = [f"n{number}" for number in range(50)]
    made = (await post(twin, {"requests": batch(*names)}, path=BATCHES)).json()
    clock.advance(1)
    headers = {"x-api-key": twin.config.api_key, "anthropic-version": "2023-06-01"}
    lines = (await http.get(f"{twin.url}{BATCHES}/{made['id']}/results", headers=headers)).text.splitlines()
    found = [httpx.Response(200, text=line).json()["custom_id"] for line in lines]
    assert found != names
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize("names", [[], ["a", "a"], ["a b"], ["a" * 65], [""]])
async def test_a_batch_with_wrong_names_is_refused(twin: ClaudeTwin, names: list[str]) -> None:
    assert error(await post(twin, {"requests": batch(*names)}, path=BATCHES)) == (400, "invalid_request_error")


async def test_a_stalled_batch_does_not_end(twin: ClaudeTwin, clock: FakeClock, http: httpx.AsyncClient) -> None:
    twin.apply(Stall())
    made = (await post(twin, {"requests": batch("a")}, path=BATCHES)).json()
    clock.advance(3600)
    headers = {"x-api-key": twin.config.api_key, "anthropic-version": "2023-06-01"}
    shown = (await http.get(f"{twin.url}{BATCHES}/{made['id']}", headers=headers)).json()
    assert shown["processing_status"] == "in_progress"
    assert error(await http.get(f"{twin.url}{BATCHES}/{made['id']}/results", headers=headers))[0] == 400


async def test_tokens_are_added_up_over_messages_and_batches(
    twin: ClaudeTwin, admin: TwinClient, clock: FakeClock, http: httpx.AsyncClient
) -> None:
    await post(twin, params("one"))
    await post(twin, {"requests": batch("a")}, path=BATCHES)
    clock.advance(1)
    headers = {"x-api-key": twin.config.api_key, "anthropic-version": "2023-06-01"}
    await http.get(f"{twin.url}{BATCHES}", headers=headers)
    stats = await admin.stats()
    assert (stats["written"], stats["batches"]) == (2, 1)
    assert (stats["tokens"]["cache_creation_input_tokens"], stats["tokens"]["cache_read_input_tokens"]) == (800, 800)
    assert [record["model"] for record in await admin.records() if "model" in record] == [MODEL]
