"""Signatures by Standard Webhooks, beside the specification's own library."""

import binascii
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from shared.errors import BadRequestError
from shared.standard_webhooks import TOLERANCE, key, sign, verify

OURS, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCE="
BODY = '{"type": "email.bounced", "name": "Zoë ✓"}'
NOW = 1_700_000_000


def signature(secret: str = OURS, *, identifier: str = "msg_1", at: int = NOW, body: str = BODY) -> str:
    """As the specification's library makes it."""
    return str(Webhook(secret).sign(identifier, datetime.fromtimestamp(at, UTC), body))


def check(signatures: str, *secrets: str, identifier: str = "msg_1", at: object = NOW, body: str = BODY) -> None:
    keys = [key(SecretStr(secret)) for secret in secrets or (OURS,)]
    verify(body.encode(), identifier=identifier, timestamp=str(at), signatures=signatures, keys=keys, now=float(NOW))


def refused(signatures: str, **changes: Any) -> bool:
    with pytest.raises(BadRequestError):
        check(signatures, **changes)
    return True


def test_what_the_specifications_library_signs_is_taken() -> None:
    check(signature())


def test_the_specifications_library_takes_what_is_signed_here() -> None:
    at = int(datetime.now(UTC).timestamp())
    made = sign(key(SecretStr(OURS)), "msg_1", at, BODY.encode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": made}
    assert Webhook(OURS).verify(BODY, headers)


def test_any_of_several_signatures_may_match() -> None:
    check(f"{signature(OTHER)} {signature()} v1a,xyz")


def test_any_of_several_secrets_may_match() -> None:
    check(signature(), OTHER, OURS)
    check(signature(OTHER), OTHER, OURS)


@pytest.mark.parametrize(
    ("signatures", "changes"),
    [
        (signature(OTHER), {}),
        (signature(), {"body": BODY + " "}),
        (signature(), {"identifier": "msg_2"}),
        (signature(), {"at": NOW + 1}),
        (signature(identifier=""), {"identifier": ""}),
        (signature().replace("v1,", "v1a,"), {}),
        (signature().replace("v1,", "v2,"), {}),
        (signature().removeprefix("v1,"), {}),
        (signature()[:-4], {}),
        ("", {}),
        ("v1,é", {}),
    ],
)
def test_anything_else_is_refused(signatures: str, changes: dict[str, Any]) -> None:
    assert refused(signatures, **changes)


@pytest.mark.parametrize("age", [TOLERANCE, -TOLERANCE])
def test_a_signature_is_good_for_five_minutes_either_way(age: int) -> None:
    check(signature(at=NOW - age), at=NOW - age)


@pytest.mark.parametrize("age", [TOLERANCE + 1, -TOLERANCE - 1, NOW])
def test_an_old_or_early_signature_is_refused(age: int) -> None:
    assert refused(signature(at=NOW - age), at=NOW - age)


@pytest.mark.parametrize("at", ["", "x", "-1", "1.5", "²", "9" * 400, f" {NOW}"])
def test_a_time_of_another_form_is_refused(at: str) -> None:
    assert refused(signature(), at=at)


@pytest.mark.parametrize("secret", ["whsec_x", "whsec_not base64!", "whsec_-_-_"])
def test_a_secret_is_base64(secret: str) -> None:
    with pytest.raises(binascii.Error):
        key(SecretStr(secret))
