"""Requests to Claude's twin, and its own library."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import httpx

from infra.local.twins import ClaudeConfig, ClaudeTwin

KEY = ClaudeConfig().api_key
MODEL = "claude-haiku-5-5"
VOICE = "You are Nikita. " * 200  # 800 tokens as the twin counts them: long enough to be cached


def params(user: str = "Ben had a good day.", **changes: Any) -> dict[str, Any]:
    cached = {"type": "text", "text": VOICE, "cache_control": {"type": "ephemeral"}}
    turns = [{"role": "user", "content": user}]
    asked = {"model": MODEL, "max_tokens": 300, "system": [cached], "messages": turns, **changes}
    return {name: value for name, value in asked.items() if value is not None}


async def post(twin: ClaudeTwin, body: Any, *, path: str = "/v1/messages", **headers: str | None) -> httpx.Response:
    named = {"x_api_key": KEY, "anthropic_version": "2023-06-01", **headers}
    sent = {name.replace("_", "-"): value for name, value in named.items() if value is not None}
    async with httpx.AsyncClient(base_url=twin.url, timeout=30, trust_env=False) as http:
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await http.post(path, headers=sent, **content)


@asynccontextmanager
async def library(url: str, key: str = KEY) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key=key, base_url=url, max_retries=0, timeout=5) as client:
        yield client


def batch(*names: str, **changes: Any) -> list[Any]:
    return [{"custom_id": name, "params": params(f"About {name}.", **changes)} for name in names]
