"""Signed tokens: Cloud Scheduler's OIDC tokens, checked against Google's published keys, and those of users."""

import time
from typing import TYPE_CHECKING, Any

import httpx
import jwt

from shared.errors import ForbiddenError, UnavailableError

if TYPE_CHECKING:
    from shared.resources import Resources

ISSUERS = ("https://accounts.google.com", "accounts.google.com")  # Google's OpenID Connect documentation
KEYS_LIFE = 3600.0  # seconds for which fetched keys are used; an unknown key id fetches them anew
KEYS_REST = 30.0  # seconds between two fetches that an unknown key id may cause
LEEWAY = 30  # seconds of clock skew
PUBLIC = frozenset({"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"})  # what a key set may hold


class KeySet:
    """The keys of one JWKS address, fetched when needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, jwt.PyJWK] = {}
        self.fetched = float("-inf")

    async def key(self, key_id: str, http: httpx.AsyncClient) -> jwt.PyJWK:
        """The key of that id.

        Raises:
            ForbiddenError: the issuer publishes no such key.
            UnavailableError: the keys cannot be fetched.
        """
        age = time.monotonic() - self.fetched
        if age > KEYS_LIFE or (key_id not in self.keys and age > KEYS_REST):
            await self._fetch(http)
        if key_id not in self.keys:
            raise ForbiddenError("The token is signed by a key that its issuer does not publish.")
        return self.keys[key_id]

    async def _fetch(self, http: httpx.AsyncClient) -> None:
        try:
            answer = (await http.get(self.url)).raise_for_status()
            published = jwt.PyJWKSet.from_dict(answer.json())
        except (httpx.HTTPError, jwt.PyJWKSetError, ValueError, AttributeError) as error:  # the last: no JSON object
            raise UnavailableError("The issuer's keys cannot be fetched. Try again.", retry_after=5) from error
        self.keys = {key.key_id: key for key in published.keys if key.key_id and key.algorithm_name in PUBLIC}
        self.fetched = time.monotonic()


_sets: dict[str, KeySet] = {}


async def verify_oidc(token: str, resources: "Resources") -> dict[str, Any]:
    """The claims of a Google OIDC token for our audience, and of our scheduler's account where one is set.

    Raises:
        ForbiddenError: anything about it is not as it must be.
        UnavailableError: Google's keys cannot be fetched.
    """
    settings = resources.settings
    keys = _sets.setdefault(settings.oidc_jwks_url, KeySet(settings.oidc_jwks_url))
    try:
        key = await keys.key(str(jwt.get_unverified_header(token).get("kid")), resources.http)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=settings.oidc_audience,
            issuer=ISSUERS,
            leeway=LEEWAY,
            options={"require": ["exp", "aud", "iss"]},
        )
    except jwt.InvalidTokenError as error:
        raise ForbiddenError(f"The token is not valid ({type(error).__name__}).") from error
    account = settings.oidc_service_account
    if account is not None and (claims.get("email") != account or not claims.get("email_verified")):
        raise ForbiddenError("The token belongs to another account.")
    return claims


async def verify_user(token: str, resources: "Resources") -> dict[str, Any]:
    """The claims of a user's token, `sub` a user's id: by `JWT_SECRET` (HS256), or by a key of `JWKS_URL`.

    The secret verifies HS256 alone, and a published key the algorithm that it is published for: a token cannot choose
    what it is checked with.

    Raises:
        ForbiddenError: anything about it is not as it must be.
        UnavailableError: nothing is set by which users are known, or the keys cannot be fetched.
    """
    settings = resources.settings
    if settings.jwt_secret is None and settings.jwks_url is None:
        raise UnavailableError("No user can be known here: set JWT_SECRET or JWKS_URL.")
    try:
        key, algorithm = await _user_key(jwt.get_unverified_header(token), resources)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=settings.jwt_audience,
            leeway=LEEWAY,
            options={"require": ["exp", "aud", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise ForbiddenError(f"The token is not valid ({type(error).__name__}).") from error
    return claims


async def _user_key(header: dict[str, Any], resources: "Resources") -> tuple[jwt.PyJWK | bytes, str]:
    settings = resources.settings
    if header.get("alg") == "HS256" and settings.jwt_secret is not None:
        return settings.jwt_secret.get_secret_value().encode(), "HS256"
    if settings.jwks_url is None:
        raise ForbiddenError("The token is signed in a way that is not accepted here.")
    keys = _sets.setdefault(settings.jwks_url, KeySet(settings.jwks_url))
    key = await keys.key(str(header.get("kid")), resources.http)
    return key, key.algorithm_name
