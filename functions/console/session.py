"""Who is signed in: a signed cookie that says so, and no table, so that it holds while the database is down.

Its key comes from the service key that opened it (for an admin's token, from the first) and from the secret of users'
tokens: to take any of them out of the settings ends the sessions that it signed.
"""

import base64
import hmac
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from shared import auth
from shared.errors import ConfigurationError, UnauthorizedError
from shared.pages import forms
from shared.settings import Settings
from shared.web import Call, Caller, Request

COOKIE = "nightshift_console"
LIFE = timedelta(hours=8)
PURPOSE = b"nightshift console session "
FORM = b"nightshift console form "
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Operator(Caller):
    """Somebody who is signed in.

    Attributes:
        csrf: what every form of this session carries.
    """

    csrf: str = ""


async def signed_in(call: Call) -> Operator:
    """The guard of what is looked at.

    Raises:
        UnauthorizedError: nobody is signed in, or the session has ended.
    """
    operator = opened(cookie(call.request), call.resources.settings)
    if operator is None:
        raise UnauthorizedError("Sign in first.")
    return operator


async def acting(call: Call) -> Operator:
    """The guard of what changes something: signed in, and from a form of ours.

    Raises:
        UnauthorizedError: as above.
        ForbiddenError: another site sent it, or its token is not the session's.
    """
    operator = await signed_in(call)
    forms.refuse_foreign(call.request)
    forms.refuse_unmarked(call.request, operator.csrf)
    return operator


def begun(caller: Caller, request: Request, settings: Settings, ends: float | None = None) -> str:
    """The header that sets the cookie of a new session.

    Args:
        ends: when the token ends that opens it, in seconds since 1970; no session outlives it.

    Raises:
        ConfigurationError: there is no secret to sign it with.
    """
    now = datetime.now(UTC)
    until = min((now + LIFE).timestamp(), ends or math.inf)
    content = {
        "id": token_urlsafe(16),
        "actor": caller.name,
        "user": str(caller.user) if caller.user else None,
        "until": until,
    }
    life = timedelta(seconds=until - now.timestamp())
    return header(sealed(json.dumps(content).encode(), secret_of(caller, settings)), request, life)


def ended(request: Request) -> str:
    """The header that takes the cookie away."""
    return header("", request, timedelta(0))


def opened(value: str, settings: Settings) -> Operator | None:
    """Whose session a cookie is; None for one that is over, or not ours."""
    text, _, signature = value.partition(".")
    for secret in secrets(settings):
        if text and hmac.compare_digest(signature.encode(), mac(secret, text.encode()).encode()):
            return operator(json.loads(base64.urlsafe_b64decode(text)), secret)
    return None


def operator(content: dict[str, str], secret: bytes) -> Operator | None:
    if datetime.now(UTC).timestamp() >= float(content["until"]):
        return None
    user = UUID(content["user"]) if content["user"] else None
    return Operator(content["actor"], user, mac(secret, FORM + content["id"].encode()))


def cookie(request: Request) -> str:
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def header(value: str, request: Request, life: timedelta) -> str:
    host = request.headers.get("host", "").rpartition(":")
    local = (host[0] or host[2]) in LOOPBACK or request.headers.get("host") in LOOPBACK
    parts = [f"{COOKIE}={value}", "Path=/console", f"Max-Age={life.total_seconds():.0f}", "HttpOnly", "SameSite=Strict"]
    return "; ".join(parts if local else [*parts, "Secure"])


def sealed(content: bytes, secret: bytes) -> str:
    text = base64.urlsafe_b64encode(content)
    return f"{text.decode()}.{mac(secret, text)}"


def mac(secret: bytes, content: bytes) -> str:
    return hmac.digest(secret, content, "sha256").hex()


def secret_of(caller: Caller, settings: Settings) -> bytes:
    """What this caller's session is signed with.

    Raises:
        ConfigurationError: there is nothing.
    """
    found = list(secrets(settings))
    if not found:
        raise ConfigurationError("Nobody can sign in here: set SERVICE_KEYS.")
    names = [auth.holder(key.get_secret_value()).name for key in settings.service_keys]
    return found[names.index(caller.name) if caller.name in names else 0]


def secrets(settings: Settings) -> Iterator[bytes]:
    """One for each active service key, in their order; where there are none, one of the tokens' secret."""
    tokens = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else b""
    for base in [key.get_secret_value().encode() for key in settings.service_keys] or [tokens]:
        if base:
            yield hmac.digest(base, PURPOSE + tokens, "sha256")
