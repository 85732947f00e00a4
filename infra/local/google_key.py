"""A service account of Google's that only the twin of its token server knows."""

import json
from pathlib import Path

from infra.local.state import kept

BITS = 2048  # of the key, as Google makes them


def service_account(path: Path, token_uri: str) -> str:
    """The JSON of a key file; its private key is made once and kept at `path`."""
    told = {"type": "service_account", "client_email": "nightshift@local.example", "token_uri": token_uri}
    return json.dumps({**told, "private_key": kept(path, private_key)})


def private_key() -> str:
    """PEM."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - once in the life of a home
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    made = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
