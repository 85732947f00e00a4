"""Signatures by Standard Webhooks 1.0.0, which are Svix's as well: HMAC-SHA256 over id, time and raw body.

github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence

from pydantic import SecretStr

from shared.errors import BadRequestError

TOLERANCE = 300  # seconds that a signature may be old, or early
SCHEME = "v1"  # with a shared secret; v1a is a scheme of public keys
TIME_DIGITS = 15  # a longer number is no time


def key(secret: SecretStr) -> bytes:
    """The key in a secret: base64, `whsec_` before it.

    Raises:
        ValueError: it is no base64; the error does not quote it.
    """
    return base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)


def sign(with_key: bytes, identifier: str, at: int, body: bytes) -> str:
    """What the signature header says: `v1,` and base64."""
    digest = hmac.digest(with_key, f"{identifier}.{at}.".encode() + body, hashlib.sha256)
    return f"{SCHEME},{base64.b64encode(digest).decode()}"


def verify(
    body: bytes, *, identifier: str, timestamp: str, signatures: str, keys: Sequence[bytes], now: float | None = None
) -> None:
    """Check what a sender's three headers say of a raw body.

    Args:
        signatures: one or more, with spaces between them: a sender that changes its secret sends one for each.
        keys: ours; several while one replaces another.
        now: seconds since 1970; the clock's by default.

    Raises:
        BadRequestError: no signature, none of ours, or one from another time.
    """
    if not identifier or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= TIME_DIGITS):
        raise BadRequestError("The headers with the message's id and time are missing or not of their form.")
    at = int(timestamp)
    expected = [sign(each, identifier, at, body).encode() for each in keys]
    given = [each.encode() for each in signatures.split(" ")]
    # Every pair is compared: how long it takes says nothing about which one was close.
    if not sum(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise BadRequestError("The signature does not match the body.")
    if abs((time.time() if now is None else now) - at) > TOLERANCE:
        raise BadRequestError(f"The signature is more than {TOLERANCE} seconds away from this server's time.")
