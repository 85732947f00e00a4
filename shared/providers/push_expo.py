"""Expo's push service (docs.expo.dev/push-notifications/sending-notifications).

Limits: 600 notifications a second and project, 100 in a request, six connections at once. A ticket says that Expo took
a message; what Apple or Google said to it stands in a receipt, some minutes later and for about a day. There is no
idempotency key: a request that left without an answer is `Unknown`.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

from shared.errors import UnavailableError
from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Retry, Snooze, Unknown
from shared.providers.push import CONNECT, LIFE, Gone, Note, Ours, Verdict
from shared.providers.reach import NEVER_LEFT
from shared.settings import Settings

RATE = 600  # notifications a second
BATCH = 100  # notifications of a request
AT_ONCE = 6  # requests
RECEIPTS = 300  # ids of a request, as Expo's own library has it
GATHER = 0.01  # seconds for which a message waits for others to go with
PAUSE = 30.0  # seconds after a 429 that names no time
SEND, RECEIVE = "/--/api/v2/push/send", "/--/api/v2/push/getReceipts"
CODE = re.compile("[A-Za-z_]{4,64}")  # of an error; anything else that an answer holds stays out of what is written

# Error of a ticket or a receipt -> what became of the message.
ERRORS: dict[str, Callable[[str], Verdict]] = {
    "DeviceNotRegistered": Gone,
    "MessageTooBig": Dead,
    "MessageRateExceeded": Retry,  # too many to this device, or Expo under load
    "MismatchSenderId": Ours,
    "InvalidCredentials": Ours,
}
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)  # EXPO_ACCESS_TOKEN
TOO_MUCH = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)  # one message makes the whole request wrong

Waiting = tuple[Note, "asyncio.Future[Verdict]"]


class Expo:
    """A `Pusher`: messages that are sent at about the same time go together."""

    name = "expo"

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.http, self.base = http, settings.expo_api_base.rstrip("/")
        token = settings.expo_access_token.get_secret_value()
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        self.timeout = httpx.Timeout(settings.push_timeout.total_seconds(), connect=CONNECT)
        self.connections = asyncio.Semaphore(AT_ONCE)
        self.waiting: list[Waiting] = []
        self.posts: set[asyncio.Task[None]] = set()

    def permits(self) -> list[Permit]:
        return [Permit("push:expo", RATE, 1.0)]

    async def send(self, note: Note) -> Verdict:
        loop = asyncio.get_running_loop()
        verdict: asyncio.Future[Verdict] = loop.create_future()
        self.waiting.append((note, verdict))
        if len(self.waiting) >= BATCH:
            self._flush()
        elif len(self.waiting) == 1:
            loop.call_later(GATHER, self._flush)
        return await verdict

    def _flush(self) -> None:
        batch, self.waiting = self.waiting, []
        if batch:
            post = asyncio.create_task(self._together(batch))
            self.posts.add(post)
            post.add_done_callback(self.posts.discard)

    async def _together(self, batch: Sequence[Waiting]) -> None:
        verdicts = await self.post([note for note, _ in batch])
        for (_, verdict), said in zip(batch, verdicts, strict=True):
            if not verdict.done():
                verdict.set_result(said)

    async def post(self, notes: Sequence[Note]) -> list[Verdict]:
        """Send up to 100 messages in one request; where one of them is wrong, in halves until it is alone."""
        answer = await self._ask(SEND, [message(note) for note in notes])
        if not isinstance(answer, httpx.Response):
            return [answer] * len(notes)
        if answer.status_code in TOO_MUCH and len(notes) > 1:
            middle = len(notes) // 2
            return await self.post(notes[:middle]) + await self.post(notes[middle:])
        if answer.status_code != HTTPStatus.OK:
            return [refusal(answer)] * len(notes)
        tickets = parsed(answer).get("data")
        if not isinstance(tickets, list) or len(tickets) != len(notes):
            return [Unknown("expo: no answer of Expo's own")] * len(notes)
        return [said(ticket) for ticket in tickets]

    async def receipts(self, tickets: Sequence[str]) -> dict[str, Verdict]:
        """What became of up to 300 messages, by their tickets. Expo does not know it yet of those that are missing.

        Raises:
            UnavailableError: Expo cannot be asked now.
        """
        answer = await self._ask(RECEIVE, {"ids": list(tickets)})
        if not isinstance(answer, httpx.Response):
            raise UnavailableError(answer.why)
        told = parsed(answer).get("data")
        if answer.status_code != HTTPStatus.OK or not isinstance(told, dict):
            raise UnavailableError(refusal(answer).why)
        return {ticket: said(receipt) for ticket, receipt in told.items() if ticket in tickets}

    async def _ask(self, path: str, body: Any) -> httpx.Response | Down | Unknown:
        async with self.connections:
            try:
                return await self.http.post(f"{self.base}{path}", json=body, headers=self.headers, timeout=self.timeout)
            except NEVER_LEFT as error:
                return Down(f"expo: not reached ({type(error).__name__})")
            except httpx.HTTPError as error:
                return Unknown(f"expo: no answer ({type(error).__name__})")


def message(note: Note) -> dict[str, Any]:
    told = {"to": note.push_token, "title": note.title, "body": note.body}
    return {**told, "data": dict(note.data), "ttl": int(LIFE.total_seconds()), "priority": "default"}


def said(ticket: Any) -> Verdict:
    """What a ticket or a receipt means, by its error's code alone."""
    told = ticket if isinstance(ticket, dict) else {}
    if told.get("status") == "ok":
        return Done(str(told["id"]) if told.get("id") else None)
    details = told.get("details")
    error = code(details.get("error")) if isinstance(details, dict) else ""
    return ERRORS.get(error, Retry)(f"expo {error}".strip())


def refusal(answer: httpx.Response) -> Down | Snooze | Dead | Retry | Ours:
    """What an answer means that holds no tickets."""
    errors = parsed(answer).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    why = f"expo {answer.status_code} {code(first.get('code'))}".strip()
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        named = answer.headers.get("retry-after", "")
        wait = float(named) if named.isdigit() else PAUSE
        return Snooze(datetime.now(UTC) + timedelta(seconds=wait), why, whole_channel=True)
    if answer.status_code in REFUSED:
        return Ours(why)
    if answer.status_code in TOO_MUCH:
        return Dead(why)
    return Down(why) if answer.is_server_error or answer.is_redirect else Retry(why)


def parsed(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def code(text: object) -> str:
    return text if isinstance(text, str) and CODE.fullmatch(text) else ""
