"""What a prompt cache writes and reads (platform.claude.com/docs/en/build-with-claude/prompt-caching)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.twins.claude_wire import Params, tokens

LIVES = {"5m": 300.0, "1h": 3600.0}  # seconds since the last use
MINIMUM = {  # tokens of a prefix; a shorter one is not cached, and no error says so
    "claude-haiku-5-5": 512,
    "claude-sonnet-5-5": 512,
    "claude-opus-5-5": 512,
    "claude-opus-5": 512,
    "claude-sonnet-5": 1024,
    "claude-haiku-4-5": 4096,
}


class PromptCache:
    """Prefixes that were marked, by model."""

    def __init__(self, clock: Callable[[], float], minimum: Mapping[str, int]) -> None:
        self._clock = clock
        self._minimum = minimum
        self._until: dict[str, float] = {}

    def usage(self, params: Params) -> dict[str, Any]:
        """The prompt's tokens as they are billed. What is written here is read by the next one."""
        total = read = 0
        written = dict.fromkeys(LIVES, 0)
        digest = hashlib.sha256(params.model.encode())
        for block in params.blocks:
            digest.update(b"\0" + block.text.encode())
            total += tokens(block.text)
            if not block.cache_control or total < self._minimum.get(params.model, 0):
                continue
            if self._known(digest.hexdigest(), LIVES[block.cache_control.ttl]):
                read, written = total, dict.fromkeys(LIVES, 0)
            else:
                written[block.cache_control.ttl] += total - read - sum(written.values())
        return _counted(total, read, written)

    def _known(self, key: str, lives: float) -> bool:
        """Whether it is kept; its life begins anew either way."""
        now = self._clock()
        known = self._until.get(key, 0.0) > now
        self._until[key] = now + lives
        return known


def _counted(total: int, read: int, written: Mapping[str, int]) -> dict[str, Any]:
    new = sum(written.values())
    return {
        "input_tokens": total - read - new,
        "cache_creation_input_tokens": new,
        "cache_read_input_tokens": read,
        "cache_creation": {f"ephemeral_{ttl}_input_tokens": count for ttl, count in written.items()},
        "service_tier": "standard",
    }
