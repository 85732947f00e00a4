"""Emails through Resend's HTTP API (resend.com/docs/api-reference/emails/send-email).

Limits: 2 requests a second and team unless raised, a daily and a monthly quota by plan; every answer names them in
headers. `Idempotency-Key` is kept for 24 hours, so a send without an answer is repeated without a second mail.
Resend writes Date and Message-ID itself.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from shared.mailbox import Mailbox
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze
from shared.providers.letter import Letter, letter
from shared.providers.mail import Mail

AT_ONCE = 5  # sends: its limit is five requests a second
RATE_WAIT = 1.0  # seconds, where a 429 names no time: the window of the rate limit
QUOTA_WAIT = 3600.0  # seconds; a quota comes back by itself within a day or by an upgrade at any time
LONGEST = 24 * 3600.0  # seconds; no limit of Resend's lasts longer than its daily quota
NAME = re.compile("[a-z_]{4,64}")  # of an error; anything else that an answer holds stays out of what is written
Verdict = Callable[[str, httpx.Response], Fate]


def dead(why: str, _answer: httpx.Response) -> Fate:
    return Dead(why)


def down(why: str, _answer: httpx.Response) -> Fate:
    return Down(why)


def retry(why: str, _answer: httpx.Response) -> Fate:
    return Retry(why)


def rate(why: str, answer: httpx.Response) -> Fate:
    return Snooze(after(answer, RATE_WAIT), why, whole_channel=True)


def quota(why: str, answer: httpx.Response) -> Fate:
    return Snooze(after(answer, QUOTA_WAIT), why, whole_channel=True)


# Error name (resend.com/docs/api-reference/errors), then HTTP status, then class of status -> fate.
FATES: dict[str | int, Verdict] = {
    "concurrent_idempotent_requests": retry,  # the first request with this key has not ended
    "invalid_idempotent_request": dead,  # the row was changed after a send that Resend knows
    "daily_quota_exceeded": quota,
    "monthly_quota_exceeded": quota,
    "rate_limit_exceeded": rate,
    400: dead,
    401: down,  # missing_api_key, restricted_api_key: our fault
    403: down,  # invalid_api_key, validation_error (domain not verified): our fault
    404: down,  # not_found, method_not_allowed: RESEND_API_BASE is wrong
    405: down,
    408: retry,
    413: dead,
    422: dead,  # validation_error, missing_required_field, invalid_from_address …
    429: rate,
    451: dead,  # security_error: Resend will not send this one
}
CLASSES: dict[int, Verdict] = {3: down, 4: retry, 5: down}


def fate(answer: httpx.Response) -> Fate:
    """What an answer means for the mail, by its status and its error's name."""
    body = parsed(answer)
    if answer.is_success:
        return Done(body["id"]) if isinstance(body.get("id"), str) else Down("resend: no answer of Resend's own")
    name = match[0] if (match := NAME.fullmatch(str(body.get("name")))) else ""
    verdict = FATES.get(name) or FATES.get(answer.status_code) or CLASSES.get(answer.status_code // 100, down)
    return verdict(f"resend {answer.status_code} {name}".strip(), answer)


def parsed(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def after(answer: httpx.Response, otherwise: float) -> datetime:
    """The time that `retry-after` (seconds) names."""
    text = answer.headers.get("retry-after", "")
    seconds = float(text) if text.isdigit() else otherwise
    return datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST))


class Resend:
    """A `Mailer`."""

    at_once = AT_ONCE

    def __init__(self, http: httpx.AsyncClient, *, base: str, key: SecretStr, timeout: float) -> None:
        self.http, self.key, self.timeout = http, key, timeout
        self.url = f"{base.rstrip('/')}/emails"

    async def send(self, mail: Mail) -> Fate:
        checked = letter(mail)
        if isinstance(checked, Dead):
            return checked
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}", "Idempotency-Key": checked.key}
        try:
            answer = await self.http.post(self.url, json=body(checked), headers=headers, timeout=self.timeout)
        except httpx.HTTPError as error:
            # With its key a repetition is safe, so even a lost answer is no doubt.
            return Down(f"resend: no answer ({type(error).__name__})")
        return fate(answer)

    async def close(self) -> None:
        """The HTTP client belongs to the process."""


def body(checked: Letter) -> dict[str, Any]:
    """The call's JSON; the same for every attempt, as the idempotency key demands."""
    content = {"from": written(checked.sender), "to": [checked.to.address], "subject": checked.subject}
    parts = {"text": checked.text, "html": checked.html, "headers": dict(checked.headers) or None}
    reply_to = {"reply_to": written(checked.reply_to)} if checked.reply_to else {}
    return {**content, **reply_to, **{name: part for name, part in parts.items() if part}}


def written(box: Mailbox) -> str:
    name = box.name.replace("\\", "").replace('"', "'").replace("<", "").replace(">", "")
    return f"{name} <{box.address}>" if name else box.address
