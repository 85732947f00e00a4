"""Access tokens of a Google service account (developers.google.com/identity/protocols/oauth2/service-account)."""

import asyncio
import time

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from shared.errors import ConfigurationError, UnavailableError

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = 3600  # seconds that an assertion holds, the most that Google takes
EARLY = 300.0  # seconds before its end at which a token is renewed
TIMEOUT = 5.0  # seconds for Google's answer


class Key(BaseModel):
    """The part of a key file that is needed."""

    client_email: str
    private_key: SecretStr
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


class Granted(BaseModel):
    access_token: str
    expires_in: int


class ServiceAccount:
    """One account, for one scope. A token is asked for once for all who wait, and kept until shortly before its end."""

    def __init__(self, setting: str, key: SecretStr, scope: str, http: httpx.AsyncClient) -> None:
        self.setting, self.scope, self.http = setting, scope, http
        self.key = key
        self.granted: str | None = None
        self.renew_at = 0.0
        self.asking = asyncio.Lock()

    async def token(self) -> str:
        """A token that holds.

        Raises:
            ConfigurationError: the key is none, or Google does not accept it.
            UnavailableError: Google cannot be asked.
        """
        async with self.asking:
            if self.granted is None or time.monotonic() >= self.renew_at:
                await self._renew()
            return self.granted or ""

    def forget(self) -> None:
        """The token was refused: the next call asks for another one."""
        self.granted = None

    async def _renew(self) -> None:
        key = self._read()
        form = {"grant_type": GRANT, "assertion": self._assertion(key)}
        try:
            answer = await self.http.post(key.token_uri, data=form, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise UnavailableError(f"Google's token server cannot be reached ({type(error).__name__}).") from None
        if answer.is_client_error:
            raise ConfigurationError(f"{self.setting}: Google does not accept the key ({answer.status_code}).")
        try:
            granted = Granted.model_validate_json(answer.content)
        except ValidationError:
            raise UnavailableError(f"Google's token server answered {answer.status_code} without a token.") from None
        self.granted, self.renew_at = granted.access_token, time.monotonic() + granted.expires_in - EARLY

    def _read(self) -> Key:
        try:
            return Key.model_validate_json(self.key.get_secret_value())
        except ValidationError:
            raise ConfigurationError(f"{self.setting}: this is not the JSON of a service account's key.") from None

    def _assertion(self, key: Key) -> str:
        import jwt  # noqa: PLC0415 - half of a start, and a token lasts an hour

        now = int(time.time())
        claims = {"iss": key.client_email, "scope": self.scope, "aud": key.token_uri, "iat": now, "exp": now + LIFE}
        try:
            return jwt.encode(claims, key.private_key.get_secret_value(), algorithm="RS256")
        except (ValueError, jwt.PyJWTError):
            raise ConfigurationError(f"{self.setting}: its private key cannot be read.") from None
