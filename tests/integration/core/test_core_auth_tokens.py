"""Who may call: Cloud Scheduler's tokens (spec, section 10)."""

import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared import tokens
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.guarded import Clock, call
from tests.integration.core.oidc import ACCOUNT, AUDIENCE, KEYS, public, token
from tests.integration.core.receiver import Receiver

pytestmark = pytest.mark.usefixtures("nobody_is_locked_out")


@pytest.fixture
async def scheduled(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    """Resources that accept our scheduler's tokens, signed by the keys that the receiver publishes."""
    receiver.answers["/certs"] = public("k-1")
    made = Resources(
        nightshift.settings(
            database_url,
            oidc_audience=AUDIENCE,
            oidc_service_account=ACCOUNT,
            oidc_jwks_url=f"{receiver.url}/certs",
        )
    )
    yield made
    await made.close()


async def tick(resources: Resources, given: str) -> int:
    return (await call(resources, "/tick", f"Bearer {given}")).status


@pytest.mark.parametrize(
    "claims",
    [{}, {"iss": "accounts.google.com"}, {"iat": 20}, {"exp": 5 - tokens.LEEWAY}, {"aud": ["https://else", AUDIENCE]}],
    ids=str,
)
async def test_our_schedulers_token_opens(scheduled: Resources, claims: dict[str, Any]) -> None:
    assert await tick(scheduled, token(**claims)) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example.org"},
        {"aud": "https://nightshift.example.org/apply-decay"},
        {"aud": ["https://elsewhere.example.org"]},
        {"aud": None},
        {"iss": "https://accounts.example.org"},
        {"iss": None},
        {"exp": -3600},
        {"exp": -tokens.LEEWAY - 1},
        {"nbf": 3600},
        {"iat": 3600},
        {"email": "somebody@project.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": None},
    ],
    ids=lambda claims: "-".join(f"{name}={value}" for name, value in claims.items()),
)
async def test_a_token_that_is_not_for_us_does_not(scheduled: Resources, claims: dict[str, Any]) -> None:
    assert await tick(scheduled, token(**claims)) == 401


async def test_a_token_opens_nothing_but_ticks(scheduled: Resources) -> None:
    assert (await call(scheduled, "/key", f"Bearer {token()}")).status == 401


async def test_a_token_without_end_does_not_open(scheduled: Resources) -> None:
    assert await tick(scheduled, token(exp=None)) == 401


async def test_a_token_signed_by_nobody_does_not_open(scheduled: Resources) -> None:
    claims = jwt.decode(token(), options={"verify_signature": False})
    assert await tick(scheduled, jwt.encode(claims, "", algorithm="none", headers={"kid": "k-1"})) == 401


async def test_a_token_signed_with_the_public_key_as_a_secret_does_not_open(scheduled: Resources) -> None:
    pem = KEYS["k-1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k-1"}).encode())
    body = token().split(".")[1].encode()
    signature = jwt.utils.base64url_encode(hmac.digest(pem, header + b"." + body, "sha256"))
    assert await tick(scheduled, b".".join([header, body, signature]).decode()) == 401


async def test_a_token_whose_signature_cloud_run_took_away_does_not_open(scheduled: Resources) -> None:
    """Cloud Run does so where it checks callers itself; there the token would prove nothing to us."""
    given = token().rsplit(".", 1)[0]
    assert await tick(scheduled, f"{given}.SIGNATURE_REMOVED_BY_GOOGLE") == 401


async def test_a_token_signed_by_another_key_of_that_name_does_not_open(scheduled: Resources) -> None:
    assert await tick(scheduled, token("k-1", key=KEYS["k-2"])) == 401


@pytest.mark.parametrize("given", ["a.b.c", "..", "e30.e30.e30", "\u00fc.\u00fc.\u00fc"])
async def test_three_parts_are_not_yet_a_token(scheduled: Resources, given: str) -> None:
    assert await tick(scheduled, given) == 401


async def test_without_an_audience_no_token_opens(database_url: str, receiver: Receiver) -> None:
    made = Resources(nightshift.settings(database_url, oidc_jwks_url=f"{receiver.url}/certs"))
    assert await tick(made, token()) == 401
    assert receiver.got == []
    await made.close()


async def test_any_account_may_tick_where_none_is_named(database_url: str, receiver: Receiver) -> None:
    receiver.answers["/certs"] = public("k-1")
    made = Resources(nightshift.settings(database_url, oidc_audience=AUDIENCE, oidc_jwks_url=f"{receiver.url}/certs"))
    assert await tick(made, token(email="anybody@example.org")) == 200
    await made.close()


async def test_the_keys_are_fetched_once_and_again_after_an_hour(
    scheduled: Resources, receiver: Receiver, clock: Clock
) -> None:
    for _ in range(3):
        await tick(scheduled, token())
    assert len(receiver.got) == 1
    clock.now += tokens.KEYS_LIFE + 1
    await tick(scheduled, token())
    assert len(receiver.got) == 2


async def test_a_new_key_of_the_issuer_is_found(scheduled: Resources, receiver: Receiver, clock: Clock) -> None:
    await tick(scheduled, token())
    receiver.answers["/certs"] = public("k-1", "k-2")
    clock.now += tokens.KEYS_REST + 1
    assert await tick(scheduled, token("k-2")) == 200


async def test_a_key_that_the_issuer_withdrew_opens_no_more(
    scheduled: Resources, receiver: Receiver, clock: Clock
) -> None:
    await tick(scheduled, token())
    receiver.answers["/certs"] = public("k-2")
    clock.now += tokens.KEYS_LIFE + 1
    assert await tick(scheduled, token("k-1")) == 401


async def test_made_up_keys_do_not_make_us_hammer_the_issuer(scheduled: Resources, receiver: Receiver) -> None:
    await tick(scheduled, token())
    for number in range(5):
        await tick(scheduled, token("k-2", key=KEYS["k-2"]) if number else token("k-2"))
    assert len(receiver.got) == 1


async def test_an_issuer_that_cannot_be_reached_is_our_trouble_and_no_wrong_key(
    scheduled: Resources, receiver: Receiver
) -> None:
    receiver.status = 500
    response = await call(scheduled, "/tick", f"Bearer {token()}")
    assert (response.status, response.headers["retry-after"]) == (503, "5")
    receiver.status = 200
    assert await tick(scheduled, token()) == 200


@pytest.mark.parametrize(
    "published", [{"keys": []}, {"keys": "none"}, {}, [], "keys", {"keys": [{"kty": "?"}]}], ids=str
)
async def test_an_issuer_that_publishes_nonsense_is_our_trouble_too(
    scheduled: Resources, receiver: Receiver, published: Any
) -> None:
    receiver.answers["/certs"] = published
    assert await tick(scheduled, token()) == 503
