"""Firebase Cloud Messaging, HTTP v1 (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send).

Limits: 600,000 messages a minute and project, refused ones among them. There is no idempotency key: a request that left
without an answer is `Unknown`. Errors: …/rest/v1/ErrorCode; the code stands in `details`, beside google.rpc's own.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from shared.errors import ConfigurationError, UnavailableError
from shared.limits import Permit
from shared.outcome import Dead, Done, Down, Snooze, Unknown
from shared.providers.google_account import ServiceAccount
from shared.providers.push import CONNECT, LIFE, Gone, Note, Ours, Verdict
from shared.providers.reach import NEVER_LEFT
from shared.settings import Settings

RATE, MINUTE = 600_000, 60.0  # messages in so many seconds
PAUSE = 60.0  # seconds after a 429 that names no time (firebase.google.com/docs/cloud-messaging/scale-fcm)
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TARGETS = {"registration_token": "token", "installation_id": "fid"}
ADDRESSES = {f"message.{field}" for field in TARGETS.values()}  # as a violation names them

# Code of FCM's own -> what became of the message.
ERRORS: dict[str, Callable[[str], Verdict]] = {
    "UNREGISTERED": Gone,
    "SENDER_ID_MISMATCH": Ours,  # the token is of another project: FCM_PROJECT_ID
    "THIRD_PARTY_AUTH_ERROR": Ours,  # Apple's or a browser's key in the Firebase project
    "UNAVAILABLE": Down,
    "INTERNAL": Down,
}


class Violation(BaseModel):
    field: str = ""


class Detail(BaseModel):
    """One of google.rpc's kinds, or FCM's own."""

    code: str = Field("", alias="errorCode")
    violations: list[Violation] = Field([], alias="fieldViolations")


class Failure(BaseModel):
    details: list[Detail] = []


class Answer(BaseModel):
    name: str | None = None
    error: Failure | None = None


class Fcm:
    """A `Pusher`."""

    name = "fcm"

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self.http = http
        project = settings.fcm_project_id
        self.url = f"{settings.fcm_api_base.rstrip('/')}/v1/projects/{project}/messages:send" if project else None
        self.account = ServiceAccount("FCM_SERVICE_ACCOUNT", settings.fcm_service_account, SCOPE, http)
        self.timeout = httpx.Timeout(settings.push_timeout.total_seconds(), connect=CONNECT)

    def permits(self) -> list[Permit]:
        return [Permit("push:fcm", RATE, MINUTE)]

    async def send(self, note: Note) -> Verdict:
        if self.url is None:
            return Ours("fcm: FCM_PROJECT_ID is not set")
        try:
            headers = {"authorization": f"Bearer {await self.account.token()}"}
            answer = await self.http.post(self.url, json=message(note), headers=headers, timeout=self.timeout)
        except ConfigurationError as error:
            return Ours(f"fcm: {error.detail}")
        except (UnavailableError, *NEVER_LEFT) as error:
            return Down(f"fcm: not reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return Unknown(f"fcm: no answer ({type(error).__name__})")
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self.account.forget()
        return meaning(answer)


def message(note: Note) -> dict[str, Any]:
    seconds = int(LIFE.total_seconds())
    ends = int((datetime.now(UTC) + LIFE).timestamp())
    return {
        "message": {
            TARGETS[note.address_kind]: note.push_token,
            "notification": {"title": note.title, "body": note.body},
            "data": dict(note.data),
            "android": {"ttl": f"{seconds}s"},
            "apns": {"headers": {"apns-expiration": str(ends)}},
            "webpush": {"headers": {"TTL": str(seconds)}},
        }
    }


def meaning(answer: httpx.Response) -> Verdict:
    """The table of answers, by codes alone."""
    try:
        told = Answer.model_validate_json(answer.content)
    except ValidationError:
        kind = Down if answer.is_server_error else Unknown
        return kind(f"fcm: HTTP {answer.status_code} without an answer of FCM's own")
    if answer.is_success:
        return Done(told.name) if told.name else Unknown("fcm: no answer of FCM's own")
    details = told.error.details if told.error else []
    code = next((each.code for each in details if each.code), "")
    why = f"fcm {answer.status_code} {code}".strip()
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return Snooze(after(answer), why, whole_channel=True)
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        named = {violation.field for each in details for violation in each.violations}
        return Gone(why, doubtful=True) if named and named <= ADDRESSES else Dead(why)
    if code in ERRORS:
        return ERRORS[code](why)
    # Without a code of FCM's the address, the token or the rights are wrong: ours, whatever the status says.
    return Down(why) if answer.is_server_error else Ours(why)


def after(answer: httpx.Response) -> datetime:
    """The time that `retry-after` (seconds) names."""
    named = answer.headers.get("retry-after", "")
    return datetime.now(UTC) + timedelta(seconds=float(named) if named.isdigit() else PAUSE)
