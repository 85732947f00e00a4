"""Resend's request and error shapes, and what it remembers of idempotency keys.

Error names and their statuses: resend.com/docs/api-reference/errors.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from infra.local.twins.exchange import Reply

RECIPIENTS_MAX = 50  # resend.com/docs/api-reference/emails/send-email
REMEMBERED = 24 * 3600.0  # seconds that a key is known; resend.com/docs/dashboard/emails/idempotency-keys
ADDRESS = r"^(?:[^<>]*<)?[^@\s<>]+@[^@\s<>]+>?$"  # `email@example.com` or `Name <email@example.com>`

OUTCOMES = {
    "missing_api_key": "unauthorized",
    "invalid_api_key": "unauthorized",
    "rate_limit_exceeded": "throttled",
    "daily_quota_exceeded": "quota",
    "invalid_idempotent_request": "conflict",
    "concurrent_idempotent_requests": "in_progress",
}


class Email(BaseModel):
    """The fields that Nightshift may send; others are ignored, as Resend does."""

    sender: str = Field(alias="from", pattern=ADDRESS)
    to: str | list[str]
    subject: str
    html: str | None = None
    text: str | None = None
    reply_to: str | list[str] | None = None
    headers: dict[str, str] | None = None

    @model_validator(mode="after")
    def _sendable(self) -> "Email":
        to = [self.to] if isinstance(self.to, str) else self.to
        if not 1 <= len(to) <= RECIPIENTS_MAX or not all("@" in each for each in to):
            raise ValueError("Invalid `to` field.")
        if self.html is None and self.text is None:
            raise ValueError("Missing `html` or `text` field.")
        return self


def refusal(status: int, name: str, message: str, headers: dict[str, str] | None = None) -> Reply:
    body = {"statusCode": status, "name": name, "message": message}
    return Reply(status, body, OUTCOMES.get(name, "invalid"), headers=headers or {})


def invalid(error: ValidationError) -> Reply:
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return refusal(422, "missing_required_field", f"Missing `{field}` field.")
    message = f"Invalid `{field}` field." if field else first["msg"].removeprefix("Value error, ")
    return refusal(422, "validation_error", message)


@dataclass(frozen=True, slots=True)
class Kept:
    digest: str
    email_id: str
    until: float


class Idempotency:
    """Keys that were accepted in the last day, and keys whose first request has not ended."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._open: dict[str, int] = {}

    def begin(self, key: str | None, number: int) -> None:
        if key is not None:
            self._open.setdefault(key, number)

    def end(self, key: str | None, number: int) -> None:
        if key is not None and self._open.get(key) == number:
            del self._open[key]

    def find(self, key: str | None, body: dict[str, Any], number: int, now: float) -> Reply | None:
        """The answer that an earlier request with this key determines, if one does."""
        if key is None:
            return None
        kept = self._kept.get(key)
        if kept and kept.until > now and kept.digest != digest(body):
            words = "Same idempotency key used with a different request payload."
            return refusal(409, "invalid_idempotent_request", words)
        if self._open.get(key) != number:
            words = "Same idempotency key used while original request is still in progress."
            return refusal(409, "concurrent_idempotent_requests", words)
        if kept and kept.until > now:
            return Reply(200, {"id": kept.email_id}, "repeated", fields={"email_id": kept.email_id})
        return None

    def keep(self, key: str | None, body: dict[str, Any], email_id: str, now: float) -> None:
        if key is not None:
            self._kept[key] = Kept(digest(body), email_id, now + REMEMBERED)


def digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
