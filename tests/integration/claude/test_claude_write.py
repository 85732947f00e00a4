"""Texts by Claude, against its twin: what each answer means for the row that asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.twins.claude_faults import Overloaded, Spent, Stop
from infra.local.twins.faults import DropAfter, Fault, HangAfter, Malformed, Outage, Throttle
from shared import http
from shared.errors import ConfigurationError
from shared.outcome import Dead, Down, Snooze, Unknown
from shared.providers.claude import Claude
from shared.providers.claude_answer import Answer, Barred, Cut, Declined
from shared.settings import load
from tests.integration.claude.conftest import prompt, told
from tests.integration.core.http_host import Host


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http.client() as made:
        yield made


async def test_an_answer_has_its_text_and_what_it_cost(claude: Claude) -> None:
    found = await claude.write(prompt(system_dynamic="Be kind."))
    assert isinstance(found, Answer)
    assert "Ben had a good day." in found.text
    assert (found.model, found.usage.cache_creation_input_tokens, found.usage.input_tokens) == (
        "claude-haiku-5-5",
        800,
        7,
    )
    tokens = Decimal(7) + 800 * Decimal("1.25")
    assert found.cost == (tokens * Decimal("0.10") + found.usage.output_tokens * Decimal("0.50")) / 1_000_000


async def test_the_static_part_is_paid_for_once(claude: Claude) -> None:
    first, second = await claude.write(prompt("one")), await claude.write(prompt("two", system_dynamic="Be brief."))
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.usage.cache_read_input_tokens, second.usage.cache_read_input_tokens) == (0, 800)
    assert second.cost < first.cost


async def test_a_text_that_broke_off_says_so_and_is_billed(twin: ClaudeTwin, claude: Claude) -> None:
    twin.apply(Stop(reason="max_tokens"))
    found = await claude.write(prompt(max_tokens=3))
    assert isinstance(found, Cut)
    assert (found.text, found.usage.output_tokens, found.cost > 0) == ("Written for:", 3, True)


async def test_a_refusal_is_no_text_and_is_billed(twin: ClaudeTwin, claude: Claude) -> None:
    twin.apply(Stop(reason="refusal"))
    found = await claude.write(prompt())
    assert isinstance(found, Declined)
    assert (found.why, found.cost > 0) == ("refusal", True)


async def test_a_429_is_waited_for_in_full(twin: ClaudeTwin, claude: Claude) -> None:
    twin.apply(Throttle(retry_after=171))
    found = await claude.write(prompt())
    assert isinstance(found, Snooze)
    assert 169 < (found.until - datetime.now(UTC)).total_seconds() <= 171
    assert (found.why, found.whole_channel) == ("claude 429 rate_limit_error", True)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Overloaded(), Down("claude 529 overloaded_error")),
        (Outage(mode="500"), Down("claude 500")),
        (Outage(mode="502"), Down("claude 502")),
        (Spent(limit="tier"), Barred("claude 429 enforced_spend_limit_reached")),
        (Spent(limit="bill"), Barred("claude 402 billing_error")),
        (Spent(limit="own"), Dead("claude 400 invalid_request_error")),
        (Outage(mode="drop"), Unknown("claude: no answer (RemoteProtocolError)")),
        (Outage(mode="hang"), Unknown("claude: no answer (ReadTimeout)")),
        (DropAfter(), Unknown("claude: no answer (RemoteProtocolError)")),
        (HangAfter(), Unknown("claude: no answer (ReadTimeout)")),
        (Malformed(), Unknown("claude: HTTP 200 without an answer of Claude's own")),
    ],
)
async def test_a_failure_has_its_fate(twin: ClaudeTwin, claude: Claude, fault: Fault, expected: Any) -> None:
    twin.apply(fault)
    assert await claude.write(prompt()) == expected


async def test_nothing_is_tried_again_here(twin: ClaudeTwin, claude: Claude) -> None:
    twin.apply(Overloaded())
    await claude.write(prompt())
    assert len(twin.journal.all()) == 1


async def test_prompts_that_are_refused_in_a_row_are_not_to_blame(twin: ClaudeTwin, claude: Claude) -> None:
    twin.apply(Spent(limit="own", times=3))
    found = [type(await claude.write(prompt())) for _ in range(4)]
    assert found == [Dead, Dead, Barred, Answer]


async def test_a_prompt_without_a_word_is_dead(claude: Claude) -> None:
    assert await claude.write(prompt("")) == Dead("claude 400 invalid_request_error")


async def test_a_wrong_key_is_our_fault(twin: ClaudeTwin, client: httpx.AsyncClient) -> None:
    claude = Claude(load(told(twin.url, ANTHROPIC_API_KEY="sk-ant-old")), client)
    assert await claude.write(prompt()) == Barred("claude 401 authentication_error")


async def test_a_model_that_claude_does_not_have_is_our_fault(client: httpx.AsyncClient) -> None:
    async with ClaudeTwin(config=ClaudeConfig(models={})) as twin:
        assert await Claude(load(told(twin.url)), client).write(prompt()) == Barred("claude 404 not_found_error")


async def test_nobody_there_is_down(client: httpx.AsyncClient) -> None:
    async with Host() as host:
        claude = Claude(load(told(host.url)), client)
    assert await claude.write(prompt()) == Down("claude: not reached (ConnectError)")


@pytest.mark.parametrize("base", ["ftp://127.0.0.1", "http://", "nowhere"])
async def test_an_address_that_is_none_is_our_fault(client: httpx.AsyncClient, base: str) -> None:
    assert isinstance(await Claude(load(told(base)), client).write(prompt()), Barred)


@pytest.mark.parametrize("key", ["", "sk-ant-\n", "sk-ant-ü"])
def test_a_key_that_is_none_is_named(client: httpx.AsyncClient, key: str) -> None:
    with pytest.raises(ConfigurationError, match="ANTHROPIC_API_KEY") as raised:
        Claude(load(told("http://127.0.0.1:9", ANTHROPIC_API_KEY=key)), client)
    assert "sk-ant" not in str(raised.value)


async def test_what_a_prompt_may_cost_is_known_before(claude: Claude) -> None:
    asked = prompt()
    found = await claude.write(asked)
    assert isinstance(found, Answer)
    assert found.cost <= claude.at_most(asked)
    assert claude.at_most(asked, batch=True) * 2 == claude.at_most(asked)


def test_a_model_without_a_known_price_is_named(client: httpx.AsyncClient) -> None:
    with pytest.raises(ConfigurationError, match="ANTHROPIC_MODEL"):
        Claude(load(told("http://127.0.0.1:9", ANTHROPIC_MODEL="claude-none")), client)


async def test_the_headers_say_how_long_to_wait(client: httpx.AsyncClient) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(2, 100_000, 100_000))) as twin:
        claude = Claude(load(told(twin.url)), client)
        assert claude.headroom.wait() == 0
        for _ in range(2):
            await claude.write(prompt())
        assert 25 < claude.headroom.wait() <= 31
        found = await claude.write(prompt())
        assert isinstance(found, Snooze)


async def test_what_was_written_is_asked_for_without_a_thought(twin: ClaudeTwin, claude: Claude) -> None:
    asked: list[httpx.Request] = []
    send = claude.http.send

    async def keep(request: httpx.Request, **kwargs: Any) -> httpx.Response:
        asked.append(request)
        return await send(request, **kwargs)

    claude.http.send = keep  # type: ignore[method-assign]
    await claude.write(prompt())
    body = httpx.Response(200, content=asked[0].content).json()
    assert body["thinking"] == {"type": "disabled"}
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "5m"}
