"""Who may call: users' tokens, and admins among them (spec, section 10)."""

import hmac
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.resources import Resources
from tests import nightshift
from tests.integration.core.guarded import call
from tests.integration.core.oidc import KEYS, public
from tests.integration.core.receiver import Receiver
from tests.nightshift import SERVICE_KEY, content
from tests.players import SECRET

pytestmark = pytest.mark.usefixtures("nobody_is_locked_out")
USER = UUID("0198f3a0-0000-7000-8000-000000000001")


def token(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """A user's token, but for what the test changes; None leaves a claim out."""
    given = {"sub": str(USER), "aud": "authenticated", "exp": int(time.time()) + 600} | claims
    kept = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def unsigned(**claims: Any) -> str:
    return jwt.encode({"sub": str(USER), "aud": "authenticated", "exp": 9_999_999_999, **claims}, "", algorithm="none")


@pytest.fixture
async def by_secret(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, jwt_secret=SECRET))
    yield made
    await made.close()


@pytest.fixture
async def by_keys(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    """A deployment that knows both a secret and published keys."""
    receiver.answers["/certs"] = public("k-1")
    made = Resources(nightshift.settings(database_url, jwt_secret=SECRET, jwks_url=f"{receiver.url}/certs"))
    yield made
    await made.close()


async def asked(resources: Resources, given: str, path: str = "/player") -> int:
    return (await call(resources, path, f"Bearer {given}")).status


async def test_a_token_by_the_secret_opens_and_says_who_calls(by_secret: Resources) -> None:
    response = await call(by_secret, "/player", f"Bearer {token()}")
    assert content(response) == {"user": str(USER), "name": f"user {USER}"}


async def test_a_token_by_a_published_key_opens(by_keys: Resources) -> None:
    assert await asked(by_keys, token(KEYS["k-1"], "RS256", "k-1")) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"sub": None},
        {"sub": "not-a-user"},
        {"nbf": 9_999_999_999},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_does_not_open(by_secret: Resources, claims: dict[str, Any]) -> None:
    assert await asked(by_secret, token(**claims)) == 401


async def test_an_unsigned_token_does_not_open(by_keys: Resources) -> None:
    assert await asked(by_keys, unsigned()) == 401


async def test_another_secret_or_algorithm_does_not_open(by_secret: Resources) -> None:
    assert await asked(by_secret, token("another-secret-of-thirty-two-letters")) == 401
    assert await asked(by_secret, token(SECRET * 2, "HS512")) == 401


async def test_a_published_key_is_no_secret(by_keys: Resources) -> None:
    """Key confusion: the public key's text as the secret of HS256."""
    pem = KEYS["k-1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        jwt.utils.base64url_encode(json.dumps(part).encode())
        for part in (
            {"alg": "HS256", "typ": "JWT", "kid": "k-1"},
            {"sub": str(USER), "aud": "authenticated", "exp": 9_999_999_999},
        )
    )
    signed = jwt.utils.base64url_encode(hmac.digest(pem, head + b"." + body, "sha256"))
    assert await asked(by_keys, b".".join([head, body, signed]).decode()) == 401


async def test_a_key_that_is_not_published_does_not_open(by_keys: Resources) -> None:
    assert await asked(by_keys, token(KEYS["k-2"], "RS256", "k-2")) == 401


async def test_a_service_key_is_no_player(by_secret: Resources) -> None:
    assert await asked(by_secret, SERVICE_KEY) == 401


async def test_without_a_secret_or_keys_the_answer_says_what_to_set(database_url: str) -> None:
    made = Resources(nightshift.settings(database_url))
    response = await call(made, "/player", f"Bearer {token()}")
    await made.close()
    assert (response.status, "JWT_SECRET or JWKS_URL" in content(response)["detail"]) == (503, True)


async def test_an_admin_is_whoever_has_the_role_or_a_service_key(by_secret: Resources) -> None:
    response = await call(by_secret, "/operator", f"Bearer {token(user_role='admin')}")
    assert content(response) == {"name": f"admin {USER}"}
    assert (await call(by_secret, "/operator", f"Bearer {SERVICE_KEY}")).status == 200


@pytest.mark.parametrize("role", [None, "player", "Admin", ["admin"]], ids=str)
async def test_a_player_is_no_admin(by_secret: Resources, role: Any) -> None:
    assert await asked(by_secret, token(user_role=role), "/operator") == 403


async def test_too_many_refused_tokens_lock_their_address_out(by_secret: Resources) -> None:
    statuses = [await asked(by_secret, token(exp=1)) for _ in range(12)]
    assert statuses[:10] == [401] * 10
    assert statuses[10:] == [429] * 2
    assert await asked(by_secret, token()) == 200
