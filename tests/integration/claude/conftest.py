from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.local.twins.claude import KEY as TWIN_KEY
from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from shared import http
from shared.providers.claude import Claude, Prompt
from shared.settings import load

VOICE = "You are Nikita. " * 200  # 800 tokens as the twin counts them: long enough to be cached


@pytest.fixture
async def twin() -> AsyncIterator[ClaudeTwin]:
    async with ClaudeTwin(config=ClaudeConfig(batch_seconds=0.0)) as twin:
        yield twin


@pytest.fixture
async def claude(twin: ClaudeTwin) -> AsyncIterator[Claude]:
    async with http.client() as client:
        yield Claude(load(told(twin.url)), client)


def told(url: str, **changes: str) -> dict[str, str]:
    """The settings that lead to a twin."""
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": TWIN_KEY, "CLAUDE_TIMEOUT": "500ms", **changes}


def prompt(user: str = "Ben had a good day.", **changes: Any) -> Prompt:
    return Prompt(**{"system_static": VOICE, "system_dynamic": None, "user": user, "max_tokens": 300, **changes})
