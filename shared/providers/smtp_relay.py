"""Connections to one mail server: where it is, how it is trusted, and a few that are kept for the next mail."""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from shared.errors import ConfigurationError

IDLE = 20.0  # seconds after which a kept connection is not trusted any more; servers hang up after 30 or more
CONNECT = 5.0  # seconds for each step towards a session
QUIT = 0.5  # seconds of politeness at the end
PORTS = {"smtp": 587, "smtps": 465}
TLS = ("starttls", "require-starttls", "none")


class UnreachableError(Exception):
    """No session with the server: nothing was sent. Says why in codes, without what the server said."""


@dataclass(frozen=True, slots=True)
class Relay:
    """SMTP_URL, read.

    Attributes:
        tls: `implicit`, `require-starttls`, `starttls` (where the server offers it) or `none`.
    """

    host: str
    port: int
    tls: str
    username: str
    password: str

    @property
    def local(self) -> bool:
        """Whether the server is this machine itself, so that nobody listens in between."""
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost"

    @property
    def verified(self) -> bool:
        """Whether the certificate must be good. Where nothing forces TLS, a poor one still beats none."""
        return not self.local and (bool(self.username) or self.tls in ("implicit", "require-starttls"))

    @property
    def private(self) -> bool:
        """Whether a session without TLS is out of the question."""
        return self.tls == "require-starttls" or (bool(self.username) and not self.local)


def relay(url: str) -> Relay:
    """Read `smtp://user:password@host:port?tls=starttls|require-starttls|none`, or `smtps://…`.

    Raises:
        ConfigurationError: it is not one, or it would send a password in clear over a network.
    """
    try:
        parts = urlsplit(url)
        port, scheme = parts.port or PORTS[parts.scheme], parts.scheme
    except (ValueError, KeyError):
        raise ConfigurationError("SMTP_URL: write smtp://user:password@host:port or smtps://…") from None
    tls = "implicit" if scheme == "smtps" else parse_qs(parts.query).get("tls", ["starttls"])[0]
    if not parts.hostname or tls not in (*TLS, "implicit"):
        raise ConfigurationError(f"SMTP_URL: it needs a host, and `tls` is one of {', '.join(TLS)}.")
    found = Relay(parts.hostname, port, tls, unquote(parts.username or ""), unquote(parts.password or ""))
    if found.private and tls == "none":
        raise ConfigurationError("SMTP_URL: a password over a network needs TLS; take `tls=none` away.")
    return found


class Connections:
    """Sessions with the relay: new ones, and ones that other mails left behind."""

    def __init__(self, to: Relay, *, timeout: float, hello: str) -> None:
        self.to, self.timeout, self.hello = to, timeout, hello
        self.kept: list[tuple[SMTP, float]] = []

    def reuse(self) -> SMTP | None:
        """A session that was used a moment ago, the latest first; it may be dead all the same."""
        while self.kept:
            client, since = self.kept.pop()
            if client.is_connected and time.monotonic() - since < IDLE:
                return client
            client.close()
        return None

    def keep(self, client: SMTP) -> None:
        if client.is_connected:
            self.kept.append((client, time.monotonic()))

    async def connect(self) -> SMTP:
        """A new session, encrypted and logged in as the relay wants it.

        Raises:
            UnreachableError: there is none to be had.
        """
        to = self.to
        client = SMTP(
            hostname=to.host,
            port=to.port,
            use_tls=to.tls == "implicit",
            start_tls=False,
            validate_certs=to.verified,
            local_hostname=self.hello,
            timeout=self.timeout,
        )
        try:
            await self._open(client)
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise UnreachableError(reason(error)) from error
        except BaseException:
            client.close()
            raise
        return client

    async def _open(self, client: SMTP) -> None:
        await client.connect(timeout=min(CONNECT, self.timeout))
        await client.ehlo()
        if self.to.tls in ("starttls", "require-starttls") and client.supports_extension("starttls"):
            await client.starttls()
            await client.ehlo()
        elif self.to.private and self.to.tls != "implicit":
            raise UnreachableError("the server offers no TLS, and nothing may go out in clear")
        if self.to.username:
            await client.login(self.to.username, self.to.password)

    async def close(self) -> None:
        for client, _ in self.kept:
            with suppress(SMTPException, OSError):
                await client.quit(timeout=QUIT)
            client.close()
        self.kept.clear()


def status(error: SMTPResponseException) -> str:
    """`550 5.1.1`, or `550` where the server gives no enhanced code (RFC 2034)."""
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", error.message)
    return f"{error.code} {enhanced[0]}" if enhanced else str(error.code)


def reason(error: Exception) -> str:
    """An error in codes and type names only: servers like to quote addresses."""
    return status(error) if isinstance(error, SMTPResponseException) else type(error).__name__
