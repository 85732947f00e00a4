"""Sessions with a mail server: reused, replaced, never left behind."""

import asyncio

import pytest

from infra.local.twins.smtp import SmtpTwin
from shared.outcome import Dead, Done, Retry
from shared.providers.email_smtp import SESSIONS
from shared.providers.mail import Bounced
from tests.integration.mail.conftest import MESSAGE_ID, send, smtp
from tests.mails import mail
from tests.smtp_script import HANG_UP, SILENT, Script


async def test_one_session_serves_one_mail_after_the_other() -> None:
    async with Script() as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        fates = [await mailer.send(mail()) for _ in range(3)]
        await mailer.close()
    assert (fates, script.sessions) == ([Done(MESSAGE_ID)] * 3, 1)


async def test_a_refused_mail_leaves_its_session_fit_for_the_next() -> None:
    async with Script(RCPT=["550 5.1.1 no", "250 ok"], end=["554 5.7.1 spam", "250 ok"]) as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        fates = [type(await mailer.send(mail())) for _ in range(3)]
        await mailer.close()
    assert (fates, script.sessions, script.verbs.count("RSET")) == ([Bounced, Dead, Done], 1, 2)


async def test_a_session_that_cannot_be_reset_is_not_used_again() -> None:
    async with Script(RCPT=["550 5.1.1 no", "250 ok"], RSET=HANG_UP) as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        assert isinstance(await mailer.send(mail()), Bounced)
        assert await mailer.send(mail()) == Done(MESSAGE_ID)
        await mailer.close()
    assert script.sessions == 2


async def test_a_session_that_died_in_between_is_replaced_and_no_mail_is_lost() -> None:
    async with Script() as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        await mailer.send(mail())
        script.hang_up()
        assert await mailer.send(mail()) == Done(MESSAGE_ID)
        await mailer.close()
    assert script.sessions == 2


@pytest.mark.parametrize("farewell", ["421 4.4.2 idle for too long", HANG_UP])
async def test_a_server_that_ends_an_old_session_gets_a_new_one(farewell: str) -> None:
    async with Script(MAIL=["250 ok", farewell, "250 ok"]) as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        await mailer.send(mail())
        assert await mailer.send(mail()) == Done(MESSAGE_ID)
        await mailer.close()
    assert script.sessions == 2


async def test_a_session_that_was_left_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.providers.smtp_relay.IDLE", 0.0)
    async with Script() as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        assert [await mailer.send(mail()) for _ in range(2)] == [Done(MESSAGE_ID)] * 2
        await mailer.close()
    assert script.sessions == 2


async def test_a_refusal_on_an_old_session_is_a_refusal() -> None:
    async with Script(RCPT=["250 ok", "450 4.2.0 later"]) as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        fates = [await mailer.send(mail()) for _ in range(2)]
        await mailer.close()
    assert (fates, script.sessions) == ([Done(MESSAGE_ID), Retry("smtp 450 4.2.0")], 1)


async def test_mails_go_out_side_by_side_over_a_few_sessions(mailbox: SmtpTwin) -> None:
    mailer = smtp(mailbox.smtp_url)
    fates = await asyncio.gather(*[mailer.send(mail(to_email=f"a{n}@example.org")) for n in range(40)])
    sessions = len(mailer.connections.kept)
    await mailer.close()
    assert fates == [Done(MESSAGE_ID)] * 40
    assert len({message.recipients for message in mailbox.mailbox.newest()}) == 40
    assert sessions <= SESSIONS


@pytest.mark.parametrize("step", ["RCPT", "end"])
async def test_a_send_that_is_given_up_leaves_no_session_behind(step: str) -> None:
    async with Script(**{step: SILENT}) as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        sending = asyncio.create_task(mailer.send(mail()))
        await script.fell_silent.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert mailer.connections.kept == []


async def test_closing_is_polite_and_survives_a_server_that_is_not() -> None:
    async with Script(QUIT=HANG_UP) as script:
        assert await send(f"smtp://127.0.0.1:{script.port}") == Done(MESSAGE_ID)
    assert script.verbs[-1] == "QUIT"
