"""What a provider tells of a mail that it took: that it bounced, that somebody complained, that it waits."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.mailbox import AddressError, canonical, parse

WORDS = re.compile(r"[^\w.:/-]+", re.ASCII)
WORD = 64  # characters of one of a provider's own words

Reason = Literal["bounce", "complaint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. It may come late, twice, and before the mail's own row knows that it is out.

    Attributes:
        provider: `ses` or `resend`.
        id: the notice's own, the same when it is sent again.
        kind: the provider's own words for it, such as `Bounce Permanent General`.
        message_id: the mail's, as the provider gave it when it took the mail: its row's `provider_message_id`.
        raw: the text that was signed.
        reason: why `addresses` get no more mail; None: they still do.
        addresses: whom it is about, each in its one spelling.
    """

    provider: Literal["ses", "resend"]
    id: str
    kind: str
    at: datetime
    raw: str
    message_id: str | None = None
    reason: Reason | None = None
    addresses: tuple[str, ...] = ()


def kind(*words: str | None) -> str:
    """A provider's words as one, plain enough for a log."""
    return " ".join(WORDS.sub("_", word)[:WORD] for word in words if word)


def readable(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses among these, each once and in its one spelling. What is none gets no mail of ours in any case."""
    found = set()
    for text in texts:
        with suppress(AddressError):
            found.add(canonical(parse(text.strip(), named=True).address))
    return tuple(sorted(found))
