"""What Claude answered, and what that means for the row that asked.

Errors: platform.claude.com/docs/en/api/errors. Stop reasons: …/build-with-claude/handling-stop-reasons.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import httpx
from pydantic import ValidationError

from shared.outcome import Dead, Down, Retry, Snooze, Unknown
from shared.providers import claude_prices
from shared.providers.claude_prices import Usage
from shared.settings import Model

NAME = re.compile("[a-z_]{4,64}")  # of an error; anything else that an answer says stays out of what is written
WHOLE = ("end_turn", "stop_sequence")
CUT = ("max_tokens", "model_context_window_exceeded")
SPENT = ("enforced_spend_limit_reached", "contract_spend_limit_reached")  # until the month ends or somebody pays


@dataclass(frozen=True, slots=True)
class Billed:
    """A call that was answered, whatever with.

    Attributes:
        cost: US dollars.
    """

    model: str
    usage: Usage
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Answer(Billed):
    """The whole text."""

    text: str


@dataclass(frozen=True, slots=True)
class Cut(Billed):
    """The text broke off at `max_tokens`: the same prompt would break off again."""

    text: str


@dataclass(frozen=True, slots=True)
class Declined(Billed):
    """Claude does not write this, or wrote nothing: the same prompt would be declined again."""

    why: str


@dataclass(frozen=True, slots=True)
class Barred:
    """No call can succeed, whichever row makes it: the key, the account or the model is at fault."""

    why: str


Refusal = Dead | Retry | Snooze | Down | Unknown | Barred
Outcome = Answer | Cut | Declined | Refusal


class Block(Model):
    type: str
    text: str = ""


class CacheCreation(Model):
    ephemeral_1h_input_tokens: int = 0


class Counted(Model):
    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None


class Message(Model):
    type: Literal["message"]
    model: str
    content: list[Block]
    stop_reason: str | None = None
    usage: Counted


class Details(Model):
    error_code: str | None = None


class Fault(Model):
    type: str
    details: Details | None = None


class Problem(Model):
    """An error in Claude's own words, without its message: that may change, and may repeat what was asked."""

    type: Literal["error"]
    error: Fault


def understood(message: Message, price: claude_prices.Model, *, batch: bool = False) -> Answer | Cut | Declined:
    """A message by its stop reason. Blocks other than text, such as thoughts, are passed over."""
    usage = counted(message.usage)
    billed = (message.model, usage, price.cost(usage, batch=batch))
    text = "".join(block.text for block in message.content if block.type == "text").strip()
    if message.stop_reason in CUT:
        return Cut(*billed, text)
    if message.stop_reason in WHOLE and text:
        return Answer(*billed, text)
    return Declined(*billed, named(message.stop_reason) or "no reason")


def counted(usage: Counted) -> Usage:
    hour = usage.cache_creation.ephemeral_1h_input_tokens if usage.cache_creation else 0
    written, read = usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0
    return Usage(usage.input_tokens, usage.output_tokens, written, read, min(hour, written))


def refused(answer: httpx.Response, headroom: float = 0.0) -> Refusal:
    """What an answer that is no success means: by its error's code, its type, its status, its class of status.

    Args:
        headroom: seconds after which the rate headers leave room again, for a 429 that names no time itself.
    """
    kind, code = problem(answer)
    why = " ".join(filter(None, ("claude", str(answer.status_code), code or kind)))
    if code in SPENT:
        return Barred(why)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _snooze(answer.headers.get("retry-after", ""), headroom, why)
    return fate(kind, answer.status_code)(why)


def problem(answer: httpx.Response) -> tuple[str, str]:
    """An error's type and its finer code; both empty where somebody else answered."""
    try:
        error = Problem.model_validate_json(answer.content).error
    except ValidationError:
        return "", ""
    return named(error.type), named(error.details.error_code if error.details else None)


Verdict = Callable[[str], Refusal]
TYPES: dict[str, Verdict] = {
    "invalid_request_error": Dead,
    "request_too_large": Dead,
    "authentication_error": Barred,
    "billing_error": Barred,
    "permission_error": Barred,
    "not_found_error": Barred,  # the model's name, or ANTHROPIC_BASE_URL
    "conflict_error": Retry,
    "rate_limit_error": Down,  # of one line of a batch; a 429 names its time
    "timeout_error": Down,
    "api_error": Down,
    "overloaded_error": Down,
}
STATUSES: dict[int, Verdict] = {400: Dead, 401: Barred, 402: Barred, 403: Barred, 404: Barred, 405: Barred, 408: Down}
STATUSES |= {409: Retry, 413: Dead, 422: Dead}
CLASSES: dict[int, Verdict] = {3: Barred, 4: Dead, 5: Down}


def fate(kind: str, status: int = 0) -> Verdict:
    """What follows from an error's type, else from its status. Nothing known leaves a doubt."""
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Down
    return TYPES.get(kind) or STATUSES.get(status) or CLASSES.get(status // 100, Unknown)


def _snooze(after: str, headroom: float, why: str) -> Refusal:
    """For as long as told, however long. A 429 that names no time at all is a limit on spending."""
    seconds = float(after) if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", after) else headroom
    if not seconds and not after:
        return Barred(why)
    return Snooze(datetime.now(UTC) + timedelta(seconds=max(seconds, 1.0)), why, whole_channel=True)


def named(text: str | None) -> str:
    """A name as Claude writes its own; empty for anything else."""
    return text if text and NAME.fullmatch(text) else ""
