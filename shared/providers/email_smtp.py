"""Emails through an SMTP server.

Limits: 8 sessions at a time; a server takes what size and rate it takes, and says so in codes. SMTP knows no
idempotency key: a mail whose DATA got no answer may be out.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from shared import traces
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from shared.providers.letter import Letter, letter
from shared.providers.mail import Bounced, Mail
from shared.providers.mime import message, needs_utf8
from shared.providers.smtp_relay import Connections, Relay, UnreachableError, reason, status

SESSIONS = 8  # at a time; relays refuse more than ten to twenty
THROTTLED = 60.0  # seconds; the reply names no time, and Amazon's relay advises up to ten minutes
Step = Literal["envelope", "data"]


def throttled(why: str) -> Fate:
    return Snooze(datetime.now(UTC) + timedelta(seconds=THROTTLED), why, whole_channel=True)


# Reply code and enhanced status code (RFC 5321, 4954, 3463, 5248) -> fate. The first line that fits holds.
# Whatever fails before the envelope (greeting, TLS, login) is Down: it is the server's or our fault, never the mail's.
# The sender's own refusal (5.1.7, 5.1.8) is no bounce; a mail to nobody (5.1.1 and its kind) is.
FATES: tuple[tuple[str, Callable[[str], Fate]], ...] = (
    (r"421( .*)?", Down),  # closing: try another session later
    (r"53[0458]( .*)?|5\d\d 5\.7\.(8|9|11)", Down),  # login wanted, wrong or too weak: our fault
    (r"454( .*)?", throttled),
    (r"4\d\d( .*)?", Retry),  # greylisting, a full mailbox, a local problem
    (r"5\d\d (5\.1\.(1|2|3|6|10)|5\.2\.1)", lambda why: Bounced(why, why.split()[-1])),
    (r"5\d\d( .*)?", Dead),
)
# No reply: nothing was sent while only the envelope was out; once the text was, nobody knows.
SILENCE: dict[Step, Callable[[str], Fate]] = {"envelope": Down, "data": Unknown}


def fate(error: Exception, step: Step) -> Fate:
    """What an error of one step means for the mail."""
    if isinstance(error, SMTPResponseException):
        code = status(error)
        for pattern, verdict in FATES:
            if re.fullmatch(pattern, code):
                return verdict(f"smtp {code}")
    return SILENCE[step](f"smtp: no answer ({reason(error)})")


class Smtp:
    """A `Mailer`."""

    at_once = SESSIONS

    def __init__(self, to: Relay, *, timeout: float, hello: str) -> None:
        self.timeout = timeout
        self.connections = Connections(to, timeout=timeout, hello=hello)
        self.sessions = asyncio.Semaphore(SESSIONS)

    async def send(self, mail: Mail) -> Fate:
        checked = letter(mail)
        if isinstance(checked, Dead):
            return checked
        spoken = {"network.protocol.name": "smtp", "server.address": self.connections.to.host}
        async with self.sessions:
            with traces.span("SMTP", spoken, "client"):
                return await self._sent(checked)

    async def _sent(self, checked: Letter) -> Fate:
        try:
            async with asyncio.timeout(self.timeout):
                client = await self._addressed(checked)
        except UnsupportedError:
            return Dead("the mail server takes no address with letters beyond ASCII")
        except (UnreachableError, SMTPException, OSError) as error:
            return fate(error, "envelope") if not isinstance(error, UnreachableError) else Down(f"smtp: {error}")
        return await self._posted(client, checked)

    async def close(self) -> None:
        await self.connections.close()

    async def _addressed(self, checked: Letter) -> SMTP:
        """A session that has accepted sender and recipient. One that died in the meantime is replaced."""
        while client := self.connections.reuse():
            try:
                return await self._envelope(client, checked)
            except (SMTPException, OSError) as error:
                if client.is_connected or (isinstance(error, SMTPResponseException) and not hung_up(error)):
                    raise
        return await self._envelope(await self.connections.connect(), checked)

    async def _envelope(self, client: SMTP, checked: Letter) -> SMTP:
        try:
            await envelope(client, checked)
        except (SMTPResponseException, UnsupportedError):
            await self._cleared(client)
            raise
        except BaseException:
            client.close()
            raise
        return client

    async def _posted(self, client: SMTP, checked: Letter) -> Fate:
        try:
            await client.data(message(checked, datetime.now(UTC)))
        except (SMTPException, OSError) as error:
            if not isinstance(error, SMTPResponseException):
                client.close()
            await self._cleared(client)
            return fate(error, "data")
        except BaseException:
            client.close()
            raise
        self.connections.keep(client)
        return Done(checked.message_id)

    async def _cleared(self, client: SMTP) -> None:
        """Make a session that refused something ready for the next mail, or drop it."""
        try:
            if client.is_connected:
                await client.rset()
                self.connections.keep(client)
        except (SMTPException, OSError):
            client.close()


class UnsupportedError(SMTPException):
    """The server lacks what this mail needs."""


async def envelope(client: SMTP, checked: Letter) -> None:
    """MAIL and RCPT. The return path is the From address, so that bounces reach somebody."""
    utf8 = needs_utf8(checked)
    if utf8 and not client.supports_extension("smtputf8"):
        raise UnsupportedError("SMTPUTF8")
    encoding = "utf-8" if utf8 else "ascii"
    await client.mail(checked.sender.address, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
    await client.rcpt(checked.to.address, encoding=encoding)


def hung_up(error: SMTPResponseException) -> bool:
    """421 on a session that was kept: the server ended the session, it did not refuse the mail."""
    return error.code == 421  # noqa: PLR2004 - RFC 5321, 3.8
