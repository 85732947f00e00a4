"""Telegram's words on the wire: arguments in, refusals out."""

import html
import json
import re
from typing import Any

from aiohttp import web

from infra.local.twins.exchange import Reply

# Descriptions as the real API words them; clients must go by code, and these let a test prove it.
STATES: dict[str, tuple[int, str]] = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "kicked": (403, "Forbidden: bot was kicked from the group chat"),
    "not_found": (400, "Bad Request: chat not found"),
    "migrated": (400, "Bad Request: group chat was upgraded to a supergroup chat"),
}


async def read_arguments(request: web.Request) -> dict[str, Any]:
    """Query, JSON, form and multipart, as the Bot API takes them; unreadable JSON is no arguments."""
    if request.content_type != "application/json":
        return {**request.query, **(await request.post())}
    try:
        body = json.loads(await request.read())
    except ValueError:  # no JSON, or no text at all
        return {}
    return {**request.query, **body} if isinstance(body, dict) else {}


def chat_id(value: Any) -> int | None:
    """A number, or a number as text; usernames are not known here."""
    return int(value) if re.fullmatch(r"-?\d{1,19}", str(value)) else None


def text_length(arguments: dict[str, Any]) -> int:
    """Characters as Python counts them (code points), after HTML entities are parsed.

    The documentation says "characters" and not which; only entity offsets are said to be UTF-16 units. The
    reading that counts fewest is taken, so that a refusal here is a refusal everywhere.
    """
    text = str(arguments.get("text") or "").strip()
    if str(arguments.get("parse_mode", "")).lower() == "html":
        text = html.unescape(re.sub(r"<[^<>]+>", "", text))
    return len(text)


def refusal(code: int, description: str, outcome: str, **parameters: Any) -> Reply:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        body["parameters"] = parameters
    return Reply(code, body, outcome)


def too_many(seconds: int) -> Reply:
    """Whole seconds, at least 1: core.telegram.org/bots/api#responseparameters."""
    seconds = max(1, seconds)
    return refusal(429, f"Too Many Requests: retry after {seconds}", "throttled", retry_after=seconds)
