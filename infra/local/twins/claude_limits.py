"""Claude's rate limits: requests, input and output tokens a minute (platform.claude.com/docs/en/api/rate-limits)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any

from infra.local.twins.bucket import Bucket
from infra.local.twins.journal import Watch

MINUTE = 60.0  # seconds


class Limits:
    """What is cached already is not counted."""

    def __init__(self, watch: Watch, requests: int, input_tokens: int, output_tokens: int) -> None:
        self._watch = watch
        now = watch.mono()
        limits = {"requests": requests, "input-tokens": input_tokens, "output-tokens": output_tokens}
        self._buckets = {name: Bucket(limit, MINUTE, now) for name, limit in limits.items()}

    def wait(self, amounts: Mapping[str, int]) -> float:
        """Seconds until a request of this size fits."""
        now = self._watch.mono()
        return max(bucket.wait(amounts[name], now) for name, bucket in self._buckets.items())

    def take(self, amounts: Mapping[str, int]) -> None:
        now = self._watch.mono()
        for name, bucket in self._buckets.items():
            bucket.take(amounts[name], now)

    def headers(self) -> dict[str, str]:
        """Limit, remaining, and when it is full again, of each."""
        now, wall = self._watch.mono(), self._watch.wall()
        named = {}
        for name, bucket in self._buckets.items():
            full = datetime.fromtimestamp(ceil(wall + bucket.full_in(now)), UTC)
            values = (int(bucket.limit), max(0, int(bucket.level(now))), f"{full:%Y-%m-%dT%H:%M:%SZ}")
            for word, value in zip(("limit", "remaining", "reset"), values, strict=True):
                named[f"anthropic-ratelimit-{name}-{word}"] = str(value)
        return named


def amounts(usage: Mapping[str, Any]) -> dict[str, int]:
    """What a call takes out of each limit."""
    prompt = usage["input_tokens"] + usage["cache_creation_input_tokens"]
    return {"requests": 1, "input-tokens": prompt, "output-tokens": usage.get("output_tokens", 1)}
