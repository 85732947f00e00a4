"""What is no valid token of a user opens no route that takes one (spec, section 10)."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.resources import Resources
from shared.web import Request
from tests import players
from tests.browser.serving import function
from tests.integration.access.others import World, changes, everything, named, path, routes
from tests.integration.core.oidc import KEYS
from tests.nightshift import SERVICE_KEY, Connection

Made = Callable[[UUID], str | None]


def signed(user: UUID, key: Any = players.SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    given = {"sub": str(user), "aud": "authenticated", "exp": int(time.time()) + 600} | claims
    return jwt.encode(given, key, algorithm=algorithm)


def tampered(user: UUID) -> str:
    """Another user's id in a token that was signed for somebody."""
    head, _, signature = signed(UUID(int=1)).split(".")
    _, body, _ = signed(user).split(".")
    return f"{head}.{body}.{signature}"


def confused(user: UUID) -> str:
    """The published key's text as the secret of HS256."""
    pem = KEYS["k-1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = {"sub": str(user), "aud": "authenticated", "exp": int(time.time()) + 600}
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "k-1"}, claims)
    text = b".".join(jwt.utils.base64url_encode(json.dumps(part).encode()) for part in parts)
    return f"{text.decode()}.{jwt.utils.base64url_encode(hmac.digest(pem, text, 'sha256')).decode()}"


TOKENS: dict[str, Made] = {
    "none at all": lambda _: None,
    "expired": lambda user: signed(user, exp=int(time.time()) - 60),
    "of another audience": lambda user: signed(user, aud="somebody-else"),
    "without an audience": lambda user: jwt.encode({"sub": str(user), "exp": 9_999_999_999}, players.SECRET),
    "unsigned": lambda user: signed(user, "", "none"),
    "of another secret": lambda user: signed(user, "another-secret-of-thirty-two-letters"),
    "of another algorithm": lambda user: signed(user, players.SECRET * 2, "HS512"),
    "by a key that nobody published": lambda user: signed(user, KEYS["k-2"], "RS256"),
    "key confusion": confused,
    "tampered with": tampered,
    "cut short": lambda user: signed(user)[:-2],
    "of no user": lambda _: jwt.encode({"sub": "me", "aud": "authenticated", "exp": 9_999_999_999}, players.SECRET),
    "a service key": lambda _: SERVICE_KEY,
}


@pytest.mark.parametrize("kind", TOKENS)
async def test_what_is_no_users_token_opens_no_route_and_changes_nothing(
    kind: str, resources: Resources, world: World, conn: Connection
) -> None:
    before, token = await everything(conn), TOKENS[kind](world.owner)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    answers = {}
    for number, (name, route) in enumerate(routes()):
        address = f"192.0.2.{number}"  # one each: ten wrong tokens lock an address out
        request = Request(route.method, path(name, route, world), headers, body=b"{}", remote=address)
        answers[named((name, route))] = (await function(name)(request, resources)).status
    assert {name: status for name, status in answers.items() if status != 401} == {}
    assert changes(before, await everything(conn)) == {}
    assert len(answers) >= 20
