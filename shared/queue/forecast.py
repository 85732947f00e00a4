"""What a requeue by filter would do, before it does it: how many, to whom, how many maybe twice, until when."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from shared.db import Row
from shared.providers.telegram_limits import PER_CHAT, PER_GROUP, PER_SECOND
from shared.queue import display
from shared.queue.letters import EXAMPLES, Filter
from shared.settings import Settings

MINUTE = 60.0


def forecast(queue: str, letters: Sequence[Row], which: Filter, due: int, settings: Settings) -> dict[str, Any]:
    """The preview of an act on these letters, nothing personal in it.

    Args:
        due: rows that are due already and take their permits first.
    """
    seconds = ceil(takes(queue, [letter["recipient"] for letter in letters], due, settings))
    return {
        "letters": len(letters),
        "limit_reached": len(letters) == which.limit,
        "recipients": len({letter["recipient"] for letter in letters}),
        "possible_duplicates": sum(letter["possible_duplicate"] for letter in letters),
        "takes_seconds": seconds,
        "done_at": datetime.now(UTC) + timedelta(seconds=seconds),
        "examples": [example(queue, letter) for letter in letters[:EXAMPLES]],
    }


def example(queue: str, letter: Row) -> Row:
    return letter | {"recipient": display.recipient(queue, letter["recipient"])}


def takes(queue: str, recipients: Iterable[str], due: int, settings: Settings) -> float:
    """Seconds that so many sends take at least under the channel's limits; the waves' steps come on top."""
    each = Counter(recipients)
    if queue == "pending_responses":
        slowest = max((replies_to(chat, count) for chat, count in each.items()), default=0.0)
        return max((each.total() + due) / PER_SECOND, slowest)
    if queue == "email_queue":
        window, most = settings.email_window.total_seconds(), max(each.values(), default=0)
        everybody = (each.total() + due) / settings.email_per_minute
        return max(everybody, most / settings.email_per_recipient_per_minute) * window
    return 0.0  # our own handlers know no limits, and an alert's receiver names its own


def replies_to(chat: str, count: int) -> float:
    """Seconds for so many messages to one chat; a group has a negative id."""
    return count / PER_GROUP * MINUTE if chat.startswith("-") else count / PER_CHAT
