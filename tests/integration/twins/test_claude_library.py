"""Claude's own library takes the twin for Claude: it parses every answer, error and result."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest

from infra.local.twins import ClaudeTwin
from infra.local.twins.claude_faults import LineFault, Overloaded, Spent, Stop, Young
from infra.local.twins.faults import Fault, Outage, Throttle
from tests.integration.twins.claude_requests import batch, library, params
from tests.integration.twins.conftest import FakeClock


@pytest.fixture
async def twin(clock: FakeClock) -> AsyncIterator[ClaudeTwin]:
    async with ClaudeTwin(clock=clock) as twin:
        yield twin


@pytest.fixture
async def claude(twin: ClaudeTwin) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with library(twin.url) as client:
        yield client


async def test_it_reads_a_message(claude: anthropic.AsyncAnthropic) -> None:
    message = await claude.messages.create(**params())
    [block] = message.content
    assert isinstance(block, anthropic.types.TextBlock)
    assert "Ben had a good day." in block.text
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")


async def test_it_reads_what_the_cache_wrote_and_read(claude: anthropic.AsyncAnthropic) -> None:
    first, second = [(await claude.messages.create(**params(user))).usage for user in ("one", "two")]
    assert (first.cache_creation_input_tokens, first.cache_read_input_tokens) == (800, 0)
    assert (second.cache_creation_input_tokens, second.cache_read_input_tokens) == (0, 800)
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_5m_input_tokens == 800


@pytest.mark.parametrize("reason", ["max_tokens", "refusal"])
async def test_it_reads_why_an_answer_stopped(twin: ClaudeTwin, claude: anthropic.AsyncAnthropic, reason: Any) -> None:
    twin.apply(Stop(reason=reason))
    assert (await claude.messages.create(**params())).stop_reason == reason


@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        (Throttle(retry_after=7), anthropic.RateLimitError, "rate_limit_error"),
        (Spent(limit="tier"), anthropic.RateLimitError, "rate_limit_error"),
        (Spent(limit="own"), anthropic.BadRequestError, "invalid_request_error"),
        (Spent(limit="bill"), anthropic.APIStatusError, "billing_error"),
        (Overloaded(), anthropic.InternalServerError, "overloaded_error"),
        (Outage(mode="500"), anthropic.InternalServerError, None),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_it_raises_its_own_error(
    twin: ClaudeTwin, claude: anthropic.AsyncAnthropic, fault: Fault, error: type[Exception], kind: str | None
) -> None:
    twin.apply(fault)
    with pytest.raises(error) as raised:
        await claude.messages.create(**params())
    assert isinstance(raised.value, anthropic.APIStatusError)
    assert raised.value.type == kind


async def test_it_reads_the_code_of_a_spent_tier(twin: ClaudeTwin, claude: anthropic.AsyncAnthropic) -> None:
    twin.apply(Spent())
    with pytest.raises(anthropic.RateLimitError) as raised:
        await claude.messages.create(**params())
    assert raised.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in raised.value.response.headers


async def test_it_names_the_request_that_failed(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as raised:
        await claude.messages.create(**params(model="claude-none"))
    assert raised.value.request_id is not None
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["request_id"] == raised.value.request_id


async def test_a_wrong_key_is_an_authentication_error(twin: ClaudeTwin) -> None:
    async with library(twin.url, "sk-ant-wrong") as claude:
        with pytest.raises(anthropic.AuthenticationError):
            await claude.messages.create(**params())


async def test_it_follows_a_batch_to_its_results(
    twin: ClaudeTwin, claude: anthropic.AsyncAnthropic, clock: FakeClock
) -> None:
    made = await claude.messages.batches.create(requests=[*batch("a", "b"), *batch("c", max_tokens=0)])
    assert (made.processing_status, made.request_counts.processing, made.results_url) == ("in_progress", 3, None)
    clock.advance(1)
    ended = await claude.messages.batches.retrieve(made.id)
    assert (ended.processing_status, ended.request_counts.succeeded, ended.request_counts.errored) == ("ended", 2, 1)
    results = {each.custom_id: each.result async for each in await claude.messages.batches.results(made.id)}
    assert {name: result.type for name, result in results.items()} == {
        "a": "succeeded",
        "b": "succeeded",
        "c": "errored",
    }
    failed = results["c"]
    assert isinstance(failed, anthropic.types.messages.MessageBatchErroredResult)
    assert failed.error.error.type == "invalid_request_error"


async def test_it_reads_lines_that_expired_or_were_canceled(
    twin: ClaudeTwin, claude: anthropic.AsyncAnthropic, clock: FakeClock
) -> None:
    twin.apply(LineFault(result="expired", only=("a",)))
    twin.apply(LineFault(result="canceled", only=("b",)))
    made = await claude.messages.batches.create(requests=batch("a", "b"))
    clock.advance(1)
    results = {each.custom_id: each.result.type async for each in await claude.messages.batches.results(made.id)}
    assert results == {"a": "expired", "b": "canceled"}


async def test_a_young_batch_is_not_found_at_first(twin: ClaudeTwin, claude: anthropic.AsyncAnthropic) -> None:
    twin.apply(Young(times=1))
    made = await claude.messages.batches.create(requests=batch("a"))
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.batches.retrieve(made.id)
    assert (await claude.messages.batches.retrieve(made.id)).id == made.id


async def test_it_lists_and_cancels_batches(claude: anthropic.AsyncAnthropic) -> None:
    first, second = [await claude.messages.batches.create(requests=batch("a")) for _ in range(2)]
    assert [each.id for each in (await claude.messages.batches.list(limit=2)).data] == [second.id, first.id]
    assert (await claude.messages.batches.cancel(first.id)).processing_status == "canceling"
    assert (await claude.messages.batches.retrieve(first.id)).request_counts.canceled == 1
