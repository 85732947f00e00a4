"""What is left of Claude's rate limits, as its answers say (platform.claude.com/docs/en/api/rate-limits).

Each limit is a bucket that fills up evenly; `reset` is when it is full again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PREFIX = "anthropic-ratelimit-"
LIMITS = ("requests", "input-tokens", "output-tokens")
WINDOW = 60.0  # seconds; all limits are by the minute, so none takes longer to fill


@dataclass(slots=True)
class Bucket:
    """One limit as an answer described it: `left` of `limit` at a time, full again so many seconds later."""

    limit: int
    left: float
    full_in: float
    at: float

    def wait(self, wanted: float, now: float) -> float:
        """Seconds until there is as much as wanted, or all there can be."""
        missing = min(wanted, self.limit) - self.left
        if missing <= 0:
            return 0.0
        rate = (self.limit - self.left) / self.full_in if self.full_in > 0 else float("inf")
        return max(0.0, missing / rate - (now - self.at))


class Headroom:
    """All limits of one key and model. Nothing is known, and nothing waits, before the first answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.buckets: dict[str, Bucket] = {}

    def note(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says. What it leaves out, or what cannot be read, stays as it was."""
        sent = moment(headers.get("date", ""))
        for name in LIMITS:
            bucket = self._bucket(f"{PREFIX}{name}", headers, sent)
            if bucket:
                self.buckets[name] = bucket

    def spend(self) -> None:
        """A request leaves: what the last answer said does not know of it."""
        if requests := self.buckets.get("requests"):
            requests.left = max(0.0, requests.left - 1)

    def wait(self, input_tokens: int = 1, output_tokens: int = 1) -> float:
        """Seconds until a call of this size fits into every limit."""
        now = self.clock()
        wanted = dict(zip(LIMITS, (1, input_tokens, output_tokens), strict=True))
        return max((bucket.wait(wanted[name], now) for name, bucket in self.buckets.items()), default=0.0)

    def _bucket(self, name: str, headers: Mapping[str, str], sent: datetime | None) -> Bucket | None:
        limit, left = headers.get(f"{name}-limit", ""), headers.get(f"{name}-remaining", "")
        reset = moment(headers.get(f"{name}-reset", ""))
        if not (limit.isdecimal() and left.isdecimal()) or reset is None:
            return None
        full_in = (reset - (sent or datetime.now(UTC))).total_seconds()
        return Bucket(int(limit), float(left), min(max(full_in, 0.0), WINDOW), self.clock())


def moment(text: str) -> datetime | None:
    """A time as RFC 3339 or as HTTP writes it; None for anything else."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
