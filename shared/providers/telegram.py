"""Telegram Bot API: one message to one chat, and what the answer means for its row.

Error fields: core.telegram.org/bots/api#responseparameters. There is no idempotency key: a request that left without an
answer is `Unknown`.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError

from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Fate, Snooze, Unknown
from shared.providers import telegram_limits
from shared.providers.reach import NEVER_LEFT
from shared.settings import Settings

TEXT = 4096  # of one message; counted in UTF-16 units, as the API counts offsets, which is the stricter reading
CONNECT = 3.0  # seconds to reach the API
TOGETHER = 1.0  # seconds within which two throttled chats mean that the whole bot is throttled

# Blocked, deactivated, kicked; chat not found. A 400 has no finer code, but a plain text of 1 to 4,096 characters
# leaves nothing to object to but the chat.
GONE = (HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST)
OUR_FAULT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)  # a wrong token: the rows are not to blame


class Parameters(BaseModel):
    retry_after: int | None = None
    migrate_to_chat_id: int | None = None


class Sent(BaseModel):
    message_id: int


class Answer(BaseModel):
    """What the Bot API answers, whatever the HTTP status."""

    ok: bool
    result: Sent | None = None
    error_code: int = 0
    parameters: Parameters = Parameters()


@dataclass(frozen=True, slots=True)
class Gone:
    """The chat will never take a message again."""

    why: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The group became a supergroup of another id."""

    chat_id: int


class Telegram:
    """One bot."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        token = settings.telegram_bot_token.get_secret_value()
        self.http = http
        self.bot = token.partition(":")[0] or "bot"
        self.url = httpx.URL(f"{settings.telegram_api_base.rstrip('/')}/bot{token}/sendMessage")
        timeout = httpx.Timeout(settings.telegram_timeout.total_seconds(), connect=CONNECT)
        self.extensions = {"timeout": timeout.as_dict()}
        self.throttled: tuple[int, float] = (0, float("-inf"))

    def permits(self, chat_id: int) -> list[Permit]:
        """The limits over one message to this chat, the whole bot's first."""
        return telegram_limits.permits(self.bot, chat_id)

    async def send(self, chat_id: int, text: str) -> Fate | Gone | Moved:
        """Send one message of at most 4,096 characters."""
        try:
            response = await self.http.send(self.request(chat_id, text))
        except NEVER_LEFT as error:
            return Down(type(error).__name__)
        except httpx.HTTPError as error:
            return Unknown(f"no answer ({type(error).__name__})")
        return self.meaning(chat_id, response)

    def request(self, chat_id: int, text: str) -> httpx.Request:
        """Made here and not by the client, which parses the address and merges its defaults anew for each message."""
        body = {"chat_id": chat_id, "text": text}
        return httpx.Request("POST", self.url, json=body, extensions=self.extensions)

    def meaning(self, chat_id: int, response: httpx.Response) -> Fate | Gone | Moved:
        """The table of answers, by status codes and typed parameters only."""
        try:
            answer = Answer.model_validate_json(response.content)
        except ValidationError:
            # Not the Bot API's own words. A server error says that it did nothing; anything else leaves a doubt.
            down = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            return (Down if down else Unknown)(f"HTTP {response.status_code} without an answer of the Bot API")
        code = answer.error_code or response.status_code
        if answer.ok:
            return Done(str(answer.result.message_id) if answer.result else None)
        if answer.parameters.migrate_to_chat_id is not None:
            return Moved(answer.parameters.migrate_to_chat_id)
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            return self.snooze(chat_id, answer.parameters.retry_after or 1)
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in OUR_FAULT:
            return Down(f"Telegram answered {code}")
        return Gone(f"Telegram answered {code}") if code in GONE else Dead(f"Telegram answered {code}")

    def snooze(self, chat_id: int, seconds: int) -> Snooze:
        """Wait as long as told: this chat, or the whole bot if another chat was told so just now."""
        before, at = self.throttled
        now = time.monotonic()
        self.throttled = (chat_id, now)
        whole = before not in (0, chat_id) and now - at < TOGETHER
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return Snooze(until, f"Telegram asked for {seconds} s", whole_channel=whole)


def split(text: str, limit: int = TEXT) -> list[str]:
    """Cut a text into messages, at the last paragraph, line or word that fits; a longer word is cut hard."""
    parts = []
    while (fit := _fitting(text, limit)) < len(text):
        cut = _boundary(text, fit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in [*parts, text] if part.strip()]


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text fit into so many UTF-16 units."""
    units = 0
    for index, character in enumerate(text[: limit + 1]):
        units += 1 + (character > "\uffff")
        if units > limit:
            return index
    return len(text)


def _boundary(text: str, fit: int) -> int:
    for mark in (r"\n\s*\n", r"\n", r"\s"):
        ends = [found.start() for found in re.finditer(mark, text[: fit + 1])]
        if ends and text[: ends[-1]].strip():
            return ends[-1]
    return fit
