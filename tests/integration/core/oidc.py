"""Tokens as Cloud Scheduler sends them, signed by keys of the tests' own."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

AUDIENCE = "https://nightshift.example.org/deliver-responses"
ACCOUNT = "scheduler@project.iam.gserviceaccount.com"
GOOGLE = "https://accounts.google.com"
KEYS = {name: generate_private_key(public_exponent=65537, key_size=2048) for name in ("k-1", "k-2")}


def public(*names: str) -> dict[str, Any]:
    """A key set as Google publishes it."""
    algorithm = jwt.algorithms.RSAAlgorithm
    return {
        "keys": [
            {**json.loads(algorithm.to_jwk(KEYS[name].public_key())), "kid": name, "use": "sig", "alg": "RS256"}
            for name in names
        ]
    }


def token(
    name: str = "k-1", key: RSAPrivateKey | str | bytes | None = None, algorithm: str = "RS256", **claims: Any
) -> str:
    """A token as Cloud Scheduler sends it, but for what the test changes.

    Times are seconds from now; None leaves a claim out.
    """
    now = int(time.time())
    given: dict[str, Any] = {
        "aud": AUDIENCE,
        "iss": GOOGLE,
        "email": ACCOUNT,
        "email_verified": True,
        "iat": 0,
        "exp": 3600,
    } | claims
    kept = {
        claim: now + value if claim in {"iat", "exp", "nbf"} else value
        for claim, value in given.items()
        if value is not None
    }
    return jwt.encode(kept, key or KEYS[name], algorithm=algorithm, headers={"kid": name})
