"""What a call to Claude costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigurationError
from shared.providers.claude_prices import MODELS, Usage, model

HAIKU = model("claude-haiku-5-5")


def test_every_kind_of_token_has_its_price() -> None:
    sonnet = model("claude-sonnet-5")
    million = 1_000_000
    assert sonnet.cost(Usage(million, 0)) == 2
    assert sonnet.cost(Usage(0, million)) == 10
    assert sonnet.cost(Usage(0, 0, million)) == Decimal("2.5")
    assert sonnet.cost(Usage(0, 0, million, cache_creation_1h_input_tokens=million)) == 4
    assert sonnet.cost(Usage(0, 0, 0, million)) == Decimal("0.2")


def test_a_batch_costs_half() -> None:
    usage = Usage(1000, 200, 800, 50)
    assert HAIKU.cost(usage, batch=True) * 2 == HAIKU.cost(usage)


def test_a_long_prompt_costs_more_where_the_model_says_so() -> None:
    assert HAIKU.cost(Usage(100_000, 0)) == Decimal("0.01")
    assert HAIKU.cost(Usage(50_000, 1000, 0, 50_001)) == Decimal("0.03000005")


def test_a_dated_name_has_the_price_of_its_model() -> None:
    assert model("claude-haiku-4-5-20251001") is MODELS["claude-haiku-4-5"]


@pytest.mark.parametrize("name", ["", "claude-none", "claude-haiku-4-5-latest", "gpt"])
def test_a_model_without_a_price_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="ANTHROPIC_MODEL"):
        model(name)


@given(size=st.integers(1, 90_000), read=st.floats(0, 1), written=st.floats(0, 1), answer=st.integers(0, 4000))
def test_the_ceiling_of_a_prompt_is_never_exceeded(size: int, read: float, written: float, answer: int) -> None:
    cached = int(size * read)
    new = int((size - cached) * written)
    usage = Usage(size - cached - new, answer, new, cached)
    assert HAIKU.cost(usage) <= HAIKU.at_most(size, answer)
