"""Calls of functions as a player makes them: with a token of their own."""

import json
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jwt

from shared.resources import Resources
from shared.web import App, Request, Response
from tests import nightshift

SECRET = "a-secret-of-users-tokens-long-enough"


def resources(database_url: str, **overrides: Any) -> Resources:
    """What a function has that knows players' tokens."""
    return Resources(nightshift.settings(database_url, jwt_secret=SECRET, **overrides))


def bearer(user: UUID) -> dict[str, str]:
    """The header of a player's call."""
    claims = {"sub": str(user), "aud": "authenticated", "exp": int(time.time()) + 600}
    return {"authorization": f"Bearer {jwt.encode(claims, SECRET, algorithm='HS256')}"}


async def ask(
    app: App,
    resources: Resources,
    user: UUID,
    method: str,
    path: str = "/",
    *,
    body: Any = None,
    query: Mapping[str, str] | None = None,
) -> Response:
    raw = json.dumps(body).encode() if body is not None else b""
    return await app(Request(method, path, bearer(user), query or {}, raw), resources)
