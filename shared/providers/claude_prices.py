"""What a call to Claude costs, by model.

Prices: platform.claude.com/docs/en/about-claude/pricing and each model's overview page, read in November 2026.
Thinking: platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting.
"""

from dataclasses import dataclass
from decimal import Decimal

from shared.errors import ConfigurationError

MILLION = Decimal(1_000_000)
WRITE_5M = Decimal("1.25")  # times the input price, for what is kept in the cache for five minutes
WRITE_1H = Decimal(2)  # the same for an hour
BATCH = Decimal("0.5")  # of every price, in a message batch
LONG = 100_000  # tokens of a prompt, cached ones included, over which some models cost more


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as they are billed; the four kinds do not overlap.

    Attributes:
        cache_creation_1h_input_tokens: those of `cache_creation_input_tokens` that are kept for an hour.
    """

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_1h_input_tokens: int = 0

    @property
    def prompt_tokens(self) -> int:
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal

    def cost(self, usage: Usage) -> Decimal:
        hour = usage.cache_creation_1h_input_tokens
        written = WRITE_1H * hour + WRITE_5M * (usage.cache_creation_input_tokens - hour)
        prompt = self.input * (usage.input_tokens + written) + self.cache_read * usage.cache_read_input_tokens
        return (prompt + self.output * usage.output_tokens) / MILLION


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model.

    Attributes:
        thinking: how this model is told not to think before it answers; None where it always does, and what it thinks
            counts towards `max_tokens`.
        long: what a call costs whose prompt is over 100,000 tokens, where that is more.
    """

    rates: Rates
    thinking: str | None = "disabled"
    long: Rates | None = None

    def cost(self, usage: Usage, *, batch: bool = False) -> Decimal:
        """US dollars, exactly."""
        rates = self.long if self.long and usage.prompt_tokens > LONG else self.rates
        return rates.cost(usage) * (BATCH if batch else 1)

    def at_most(self, size: int, max_tokens: int, *, batch: bool = False) -> Decimal:
        """US dollars that a prompt of so many bytes never exceeds: no token is shorter than a byte."""
        written = Usage(0, max_tokens, size, cache_creation_1h_input_tokens=size)
        return self.cost(written, batch=batch)


def rates(prompt: str, answer: str, cache_read: str) -> Rates:
    return Rates(Decimal(prompt), Decimal(answer), Decimal(cache_read))


MODELS = {
    "claude-haiku-5-5": Model(rates("0.10", "0.50", "0.01"), long=rates("0.50", "2.50", "0.05")),
    "claude-sonnet-5-5": Model(rates("2", "10", "0.10"), thinking="between_tools"),
    "claude-opus-5-5": Model(rates("4", "20", "0.20"), thinking=None),
    "claude-opus-5": Model(rates("5", "25", "0.50")),
    "claude-sonnet-5": Model(rates("2", "10", "0.20")),
    "claude-haiku-4-5": Model(rates("1", "5", "0.10")),
}


def model(name: str) -> Model:
    """A model's prices, by its name or its dated name.

    Raises:
        ConfigurationError: they are not known here, so that no budget could be kept.
    """
    base, _, date = name.rpartition("-")
    known = MODELS.get(name) or (MODELS.get(base) if date.isdecimal() else None)
    if known is None:
        raise ConfigurationError(f"ANTHROPIC_MODEL: the prices of {name!r} are not known. Known: {', '.join(MODELS)}.")
    return known
