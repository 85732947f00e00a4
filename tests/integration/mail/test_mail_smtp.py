"""Mails through SMTP: every answer a server may give, and every way in which it may give none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.twins.smtp import SmtpTwin
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from shared.providers.mail import Bounced
from tests.integration.mail.conftest import MESSAGE_ID, send, smtp
from tests.mails import mail
from tests.smtp_script import HANG_UP, SILENT, Script


async def answered(**answers: Any) -> Fate:
    """The fate of a mail whose server answers so."""
    async with Script(**answers) as script:
        return await send(f"smtp://127.0.0.1:{script.port}")


async def test_an_accepted_mail_is_done_and_its_receipt_is_its_message_id(mailbox: SmtpTwin) -> None:
    assert await send(mailbox.smtp_url) == Done(MESSAGE_ID)
    [message] = mailbox.mailbox.newest()
    assert (message.message_id, message.mail_from) == (MESSAGE_ID, "night@example.com")
    assert message.recipients == ("anna@example.org",)


async def test_a_forged_mail_never_reaches_the_server(mailbox: SmtpTwin) -> None:
    assert await send(mailbox.smtp_url, subject="a\r\nBcc: b@example.org") == Dead("subject holds a control character")
    assert mailbox.journal.all() == []


@pytest.mark.parametrize(
    ("reply", "fate"),
    [
        ("550 5.1.1 <anna@example.org> unknown", Bounced("smtp 550 5.1.1", "5.1.1")),
        ("550 5.1.10 no such domain", Bounced("smtp 550 5.1.10", "5.1.10")),
        ("550 5.2.1 disabled", Bounced("smtp 550 5.2.1", "5.2.1")),
        ("550 no such user", Dead("smtp 550")),
        ("550 5.7.1 rejected by policy", Dead("smtp 550 5.7.1")),
        ("552 5.2.2 mailbox full", Dead("smtp 552 5.2.2")),
        ("554 5.7.1 5.1.1 in the text is no code", Dead("smtp 554 5.7.1")),
        ("450 4.2.0 greylisted", Retry("smtp 450 4.2.0")),
        ("451 try later", Retry("smtp 451")),
        ("452 4.2.2 mailbox full", Retry("smtp 452 4.2.2")),
        ("421 4.3.2 closing", Down("smtp 421 4.3.2")),
        ("530 5.7.0 authenticate first", Down("smtp 530 5.7.0")),
        ("535 5.7.8 wrong password", Down("smtp 535 5.7.8")),
        ("550 5.7.8 wrong password", Down("smtp 550 5.7.8")),
        ("nonsense", Down("smtp: no answer (-1)")),
    ],
)
async def test_a_refused_recipient_has_the_fate_of_the_code(reply: str, fate: Fate) -> None:
    assert await answered(RCPT=reply) == fate


@pytest.mark.parametrize(
    ("step", "reply", "fate"),
    [
        ("MAIL", "550 5.1.8 who are you", Dead("smtp 550 5.1.8")),
        ("MAIL", "552 5.3.4 too big", Dead("smtp 552 5.3.4")),
        ("MAIL", "451 4.3.0 later", Retry("smtp 451 4.3.0")),
        ("DATA", "451 4.3.0 later", Retry("smtp 451 4.3.0")),
        ("DATA", "554 5.5.1 no", Dead("smtp 554 5.5.1")),
        ("end", "554 5.7.1 spam", Dead("smtp 554 5.7.1")),
        ("end", "451 4.7.1 later", Retry("smtp 451 4.7.1")),
        ("end", "421 4.3.2 closing", Down("smtp 421 4.3.2")),
        ("end", "550 5.1.1 unknown", Bounced("smtp 550 5.1.1", "5.1.1")),
    ],
)
async def test_a_refusal_at_another_step_has_the_fate_of_its_code_too(step: str, reply: str, fate: Fate) -> None:
    assert await answered(**{step: reply}) == fate


async def test_a_throttled_mail_waits_and_so_does_the_whole_channel() -> None:
    found = await answered(RCPT="454 4.7.0 Throttling failure: Maximum sending rate exceeded")
    assert isinstance(found, Snooze)
    assert found.whole_channel
    assert timedelta(seconds=50) < found.until - datetime.now(UTC) <= timedelta(seconds=60)


@pytest.mark.parametrize(
    "answers",
    [
        {"greeting": "554 5.3.2 no mail here"},
        {"greeting": "421 4.3.2 later"},
        {"greeting": HANG_UP},
        {"EHLO": "500 5.5.1 what"},
        {"MAIL": HANG_UP},
        {"RCPT": HANG_UP},
    ],
)
async def test_a_server_that_lets_nobody_in_is_down(answers: dict[str, Any]) -> None:
    assert isinstance(await answered(**answers), Down)


async def test_a_server_that_is_not_there_is_down() -> None:
    async with Script() as script:
        port = script.port
    assert isinstance(await send(f"smtp://127.0.0.1:{port}"), Down)


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT"])
async def test_silence_before_the_text_went_out_is_down(step: str) -> None:
    async with Script(**{step: SILENT}) as script:
        assert isinstance(await send(f"smtp://127.0.0.1:{script.port}", patience=0.1), Down)


@pytest.mark.parametrize("end", [SILENT, HANG_UP, "nonsense"])
async def test_no_answer_after_the_text_went_out_leaves_a_doubt(end: str) -> None:
    async with Script(end=end) as script:
        assert isinstance(await send(f"smtp://127.0.0.1:{script.port}", patience=0.2), Unknown)


async def test_what_a_server_says_stays_out_of_the_reason() -> None:
    found = await answered(RCPT="550 5.1.1 <anna@example.org>: no such user here")
    assert isinstance(found, Dead)
    assert "anna" not in found.why


async def test_a_local_part_beyond_ascii_goes_to_servers_that_take_it(mailbox: SmtpTwin) -> None:
    assert await send(mailbox.smtp_url, to_email="jürgen@bücher.example") == Done(MESSAGE_ID)
    assert mailbox.mailbox.newest()[0].recipients == ("jürgen@xn--bcher-kva.example",)


async def test_a_local_part_beyond_ascii_is_dead_where_the_server_does_not() -> None:
    async with Script() as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        assert isinstance(await mailer.send(mail(to_email="jürgen@example.org")), Dead)
        assert await mailer.send(mail()) == Done(MESSAGE_ID)
        await mailer.close()
    assert script.sessions == 1
