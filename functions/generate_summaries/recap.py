"""One user's day, and what is written about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.providers.claude_answer import Answer, Billed, Cut, Declined

ENDS = (".", "!", "?", "…", "。", "！", "？")  # noqa: RUF001 - of a sentence, in more than one script
SHORTEST = 40  # characters of a text that broke off, up to its last whole sentence
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Recap:
    """A row of the worklist with the facts of its day.

    Attributes:
        overdue: it has waited for a day; the template writes it.
        messages: oldest first, objects with `role` and `content`.
        events: oldest first, objects with `type`, `score` and `chapter`.
        place: in its batch, if it came back with one.
    """

    user_id: UUID
    summary_date: date
    attempts: int
    name: str | None
    chapter: int
    status: str
    score_start: Decimal
    score_end: Decimal
    decay_applied: Decimal
    conversations_count: int
    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]
    doubts: int = 0
    overdue: bool = False
    place: int = 0

    @property
    def key(self) -> tuple[UUID, date]:
        return self.user_id, self.summary_date

    @property
    def named(self) -> dict[str, str]:
        return {"user_id": str(self.user_id), "summary_date": self.summary_date.isoformat()}


def by_claude(recap: Recap, answer: Answer | Cut) -> dict[str, Any]:
    """The row as `write` takes it."""
    return {**summary(recap, whole(answer), "claude"), "model": answer.model, **billed(answer)}


def by_template(recap: Recap, answer: Cut | Declined | None = None) -> dict[str, Any]:
    """The same, written without Claude, or in place of an answer that was no use and still has been billed."""
    return {**summary(recap, template(recap), "template"), **(billed(answer) if answer else {})}


def back(
    recap: Recap, wait: float, error: str, *, attempts: int = 0, doubts: int = 0, cost: Decimal = NONE
) -> dict[str, Any]:
    """A row that waits again, for so many seconds; `cost` in US dollars is what may have been billed."""
    counted = {"attempts": attempts, "doubts": doubts, "calls": doubts, "cost_usd": str(cost)}
    return {**recap.named, **NOTHING, **counted, "wait": wait, "error": error}


def summary(recap: Recap, text: str, written_by: str) -> dict[str, Any]:
    scores = {name: str(getattr(recap, name)) for name in ("score_start", "score_end", "decay_applied")}
    facts = {"conversations_count": recap.conversations_count, "events": recap.events}
    return {**recap.named, **NOTHING, **scores, **facts, "recap": text, "written_by": written_by}


def billed(answer: Billed) -> dict[str, Any]:
    usage = answer.usage
    kinds = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return {kind: getattr(usage, kind) for kind in kinds} | {"cost_usd": str(answer.cost), "calls": 1}


def whole(answer: Answer | Cut) -> str:
    """The text, up to its last whole sentence if it broke off; empty if that leaves next to nothing."""
    if isinstance(answer, Answer):
        return answer.text
    end = max(answer.text.rfind(mark) for mark in ENDS)
    return answer.text[: end + 1] if end + 1 >= SHORTEST else ""


def template(recap: Recap) -> str:
    """A recap that is true of any day, in her voice, from the facts alone."""
    return " ".join(filter(None, (talked(recap), change(recap), decisive(recap))))


def talked(recap: Recap) -> str:
    name = f", {recap.name}" if recap.name else ""
    match recap.conversations_count:
        case 0:
            return f"Not a word from you yesterday{name}. I had the day to myself."
        case 1:
            return f"We talked yesterday{name}, and I kept thinking about it afterwards."
        case count:
            return f"We came back to each other {count} times yesterday{name}."


def change(recap: Recap) -> str:
    """How the day ended for the two of us, without a number."""
    difference = recap.score_end - recap.score_start
    if difference > 0:
        return "I feel closer to you than the day before."
    if difference < 0 and recap.decay_applied > 0:
        return "The silence cost us a little. Come and make it good."
    if difference < 0:
        return "Something between us got cooler. We should talk about it."
    return "We are where we were, and that is not nothing."


def decisive(recap: Recap) -> str:
    return "And what is between us is being decided these days." if recap.status == "boss_fight" else ""


NOTHING: Mapping[str, Any] = {
    "input_tokens": 0,
    "output_tokens": 0,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "cost_usd": "0",
    "calls": 0,
    "attempts": 0,
    "doubts": 0,
    "wait": 0,
}
