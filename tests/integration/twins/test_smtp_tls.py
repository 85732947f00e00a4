import ssl
from pathlib import Path

import aiosmtplib
import pytest

from infra.local.twins import SmtpConfig, SmtpTwin
from infra.local.twins.tls import self_signed

MAIL = "Subject: hi\r\n\r\nbody"


def client(twin: SmtpTwin, trusted: Path | None, *, implicit: bool) -> aiosmtplib.SMTP:
    context = ssl.create_default_context(cafile=trusted)
    return aiosmtplib.SMTP(
        hostname="127.0.0.1",
        port=twin.smtp_port,
        timeout=5,
        tls_context=context,
        use_tls=implicit,
        start_tls=not implicit,
    )


@pytest.mark.parametrize("implicit", [True, False])
async def test_mail_arrives_over_tls_from_a_client_that_trusts_the_certificate(
    tmp_path: Path, *, implicit: bool
) -> None:
    context, certificate = self_signed(tmp_path)
    async with SmtpTwin(config=SmtpConfig(tls=context, implicit_tls=implicit)) as twin:
        async with client(twin, certificate, implicit=implicit) as smtp:
            await smtp.sendmail("night@example.org", ["anna@example.org"], MAIL)
        assert [message.subject for message in twin.mailbox.newest()] == ["hi"]


@pytest.mark.parametrize("implicit", [True, False])
async def test_a_client_that_does_not_trust_the_certificate_sends_nothing(tmp_path: Path, *, implicit: bool) -> None:
    context, _ = self_signed(tmp_path)
    async with SmtpTwin(config=SmtpConfig(tls=context, implicit_tls=implicit)) as twin:
        with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError)):
            await client(twin, None, implicit=implicit).connect()
        assert twin.mailbox.newest() == []
