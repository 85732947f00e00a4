"""An SMTP server that keeps what it accepts in a mailbox, and refuses what it is told to."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary, WeakSet

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import TypeAdapter

from infra.local.twins import mailbox_page
from infra.local.twins.faults import Active, Latency
from infra.local.twins.journal import Clock
from infra.local.twins.mailbox import Mailbox
from infra.local.twins.server import HOST, HttpTwin, silence
from infra.local.twins.smtp_rules import REFUSALS, AddressRule, SmtpOutage, asked_for

MESSAGE_MAX = 40 * 1024 * 1024  # bytes; docs.aws.amazon.com/ses/latest/dg/quotas.html
NAME = "localhost"  # in the greeting; looking the real one up can take seconds


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """`home` keeps the mailbox over restarts; `tls` offers STARTTLS, or with `implicit_tls` comes first."""

    home: Path | None = None
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False


class SmtpTwin(HttpTwin):
    """`url` is the mailbox page and the admin API, `smtp_url` the server.

    Outcomes of records: delivered (one a message), refused (one a recipient), outage (one a connection).
    """

    faults_taken: ClassVar[TypeAdapter[Any]] = TypeAdapter(AddressRule | SmtpOutage | Latency)

    def __init__(
        self,
        *,
        smtp_port: int = 0,
        port: int = 0,
        config: SmtpConfig | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(port=port, clock=clock)
        self.smtp_port = smtp_port
        self.config = config or SmtpConfig()
        self.mailbox = Mailbox(self.config.home)
        self._tried: dict[str, Active[AddressRule]] = {}
        self._later: WeakKeyDictionary[Envelope, list[AddressRule]] = WeakKeyDictionary()
        self._sessions: WeakSet[SmtpSession] = WeakSet()
        self._listener: asyncio.Server | None = None

    @property
    def smtp_url(self) -> str:
        return f"{'smtps' if self.config.implicit_tls else 'smtp'}://{HOST}:{self.smtp_port}"

    def routes(self) -> list[web.RouteDef]:
        return mailbox_page.routes(self.mailbox)

    def stats(self) -> dict[str, Any]:
        return {**super().stats(), "kept": len(self.mailbox.newest())}

    def reset(self) -> None:
        super().reset()
        self._tried.clear()
        self.mailbox.clear()

    async def start(self) -> None:
        self.mailbox.load()
        await super().start()
        loop, tls = asyncio.get_running_loop(), self.config.tls
        implicit = tls if self.config.implicit_tls else None
        self._listener = await loop.create_server(self._session, HOST, self.smtp_port, ssl=implicit)
        self.smtp_port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listener:
            self._listener.close()
        for session in self._sessions:
            session.abort()
        await super().stop()

    def _session(self) -> "SmtpSession":
        session = SmtpSession(self, None if self.config.implicit_tls else self.config.tls)
        self._sessions.add(session)
        return session

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds hooks by name
        self, server: "SmtpSession", _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        rule = self._rule(address.casefold())
        if rule and rule.action in REFUSALS:
            return self._refuse(server, address, rule.action)
        if rule:
            self._later.setdefault(envelope, []).append(rule)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    def _rule(self, address: str) -> AddressRule | None:
        """A rule that was switched on goes before the address's own."""
        active = self.faults.take(AddressRule, address)
        if active:
            return active.fault
        wish = asked_for(address)
        if not wish:
            return None
        own = self._tried.setdefault(address, Active(wish, float("inf")))
        return own.fault if own.use(address) else None

    def _refuse(self, server: "SmtpSession", address: str, action: str) -> str:
        answer = REFUSALS[action]
        code = int(answer[:3])
        self.journal.add(to=[address], outcome="refused", status=code, answered=True, action=action)
        if action == "busy":  # RFC 5321, 3.8: after 421 the server closes
            asyncio.get_running_loop().call_soon(server.close)
        return answer

    async def handle_DATA(  # noqa: N802
        self, server: "SmtpSession", _session: Session, envelope: Envelope
    ) -> str:
        message = self.mailbox.add(
            self.watch.wall(), envelope.mail_from or "", envelope.rcpt_tos, envelope.original_content or b""
        )
        record = self.journal.add(
            to=list(message.recipients),
            subject=message.subject,
            message_id=message.message_id,
            mailbox_id=message.id,
            outcome="delivered",
        )
        for rule in self._later.pop(envelope, []):
            await self._delay_or_lose(server, rule)
        latency = self.faults.take(Latency)
        if latency:
            await asyncio.sleep(latency.fault.delay(self.random))
        record.update(status=250, answered=True)
        return f"250 2.0.0 OK queued as {message.id}"

    async def _delay_or_lose(self, server: "SmtpSession", rule: AddressRule) -> None:
        match rule.action:
            case "slow":
                await asyncio.sleep(rule.delay)
            case "drop":
                server.close()
                await silence()
            case _:
                await silence()


class SmtpSession(SMTP):
    """One connection; an outage ends it before, or instead of, the greeting."""

    def __init__(self, twin: SmtpTwin, tls: ssl.SSLContext | None) -> None:
        super().__init__(
            twin,
            hostname=NAME,
            data_size_limit=MESSAGE_MAX,
            enable_SMTPUTF8=True,
            tls_context=tls,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),  # any login will do, as none is needed
            loop=asyncio.get_running_loop(),
        )
        self._twin = twin

    async def _handle_client(self) -> None:
        outage = self._twin.faults.take(SmtpOutage)
        if outage is None:
            return await super()._handle_client()
        record = self._twin.journal.add(outcome="outage")
        if outage.fault.mode == "hang":
            await silence()
        if outage.fault.mode == "421":
            record.update(status=421, answered=True)
            await self.push("421 4.3.2 Service not available, closing transmission channel")
        return self.close()

    def close(self) -> None:
        """What was written still goes out."""
        if self.transport:
            self.transport.close()

    def abort(self) -> None:
        # One that is closing ends by itself; over TLS, Python 3.11.2 (Debian 12's) cannot abort it any more.
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.abort()
