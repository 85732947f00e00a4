"""Mails through SMTP: every answer a server may give, and every way in which it may give none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTP

from infra.local.twins.smtp import SmtpConfig, SmtpTwin
from shared.errors import ConfigurationError
from shared.outcome import Dead, Done, Down, Fate, Retry, Snooze, Unknown
from shared.providers.email_smtp import SESSIONS, Smtp
from shared.providers.mail import Bounced
from shared.providers.smtp_relay import Relay, relay
from tests.certificates import server_context
from tests.mails import ID, mail
from tests.smtp_script import HANG_UP, SILENT, Script

MESSAGE_ID = f"<{ID.hex}@example.com>"


@pytest.fixture
async def twin() -> AsyncIterator[SmtpTwin]:
    async with SmtpTwin() as twin:
        yield twin


def smtp(url: str, *, patience: float = 5.0) -> Smtp:
    return Smtp(relay(url), timeout=patience, hello="example.com")


async def send(url: str, *, patience: float = 5.0, **changes: Any) -> Fate:
    mailer = smtp(url, patience=patience)
    try:
        return await mailer.send(mail(**changes))
    finally:
        await mailer.close()


async def answered(**answers: Any) -> Fate:
    """The fate of a mail whose server answers so."""
    async with Script(**answers) as script:
        return await send(f"smtp://127.0.0.1:{script.port}")


async def test_an_accepted_mail_is_done_and_its_receipt_is_its_message_id(twin: SmtpTwin) -> None:
    assert await send(twin.smtp_url) == Done(MESSAGE_ID)
    [message] = twin.mailbox.newest()
    assert (message.message_id, message.mail_from) == (MESSAGE_ID, "night@example.com")
    assert message.recipients == ("anna@example.org",)


async def test_a_forged_mail_never_reaches_the_server(twin: SmtpTwin) -> None:
    assert await send(twin.smtp_url, subject="a\r\nBcc: b@example.org") == Dead("subject holds a control character")
    assert twin.journal.all() == []


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


# Sessions


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


async def test_mails_go_out_side_by_side_over_a_few_sessions(twin: SmtpTwin) -> None:
    mailer = smtp(twin.smtp_url)
    fates = await asyncio.gather(*[mailer.send(mail(to_email=f"a{n}@example.org")) for n in range(40)])
    sessions = len(mailer.connections.kept)
    await mailer.close()
    assert fates == [Done(MESSAGE_ID)] * 40
    assert len({message.recipients for message in twin.mailbox.newest()}) == 40
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


# Addresses beyond ASCII


async def test_a_local_part_beyond_ascii_goes_to_servers_that_take_it(twin: SmtpTwin) -> None:
    assert await send(twin.smtp_url, to_email="jürgen@bücher.example") == Done(MESSAGE_ID)
    assert twin.mailbox.newest()[0].recipients == ("jürgen@xn--bcher-kva.example",)


async def test_a_local_part_beyond_ascii_is_dead_where_the_server_does_not() -> None:
    async with Script() as script:
        mailer = smtp(f"smtp://127.0.0.1:{script.port}")
        assert isinstance(await mailer.send(mail(to_email="jürgen@example.org")), Dead)
        assert await mailer.send(mail()) == Done(MESSAGE_ID)
        await mailer.close()
    assert script.sessions == 1


# Secrecy


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server counts as one on another machine."""
    monkeypatch.setattr(Relay, "local", False)


@pytest.fixture
async def encrypted(tmp_path: Path) -> AsyncIterator[SmtpTwin]:
    async with SmtpTwin(config=SmtpConfig(tls=server_context(tmp_path))) as twin:
        yield twin


OFFERS_LOGIN = "250-script\r\n250 AUTH PLAIN LOGIN"


async def test_a_login_is_used_where_the_url_has_one() -> None:
    async with Script(EHLO=OFFERS_LOGIN) as script:
        assert await send(f"smtp://us%40er:p%3Aw@127.0.0.1:{script.port}") == Done(MESSAGE_ID)
    assert "AUTH PLAIN AHVzQGVyAHA6dw==" in script.heard


@pytest.mark.parametrize(
    "answers",
    [
        {"EHLO": OFFERS_LOGIN, "AUTH": "535 5.7.8 wrong"},
        {"EHLO": OFFERS_LOGIN, "AUTH": "454 4.7.0 later"},
        {"EHLO": "250 script"},
        {"EHLO": "250-script\r\n250 AUTH UNHEARD-OF"},
    ],
)
async def test_a_login_that_fails_is_our_fault_and_never_the_mails(answers: dict[str, Any]) -> None:
    async with Script(**answers) as script:
        assert isinstance(await send(f"smtp://user:old@127.0.0.1:{script.port}"), Down)
    assert "MAIL" not in script.verbs


@pytest.mark.usefixtures("far_away")
async def test_a_password_is_never_sent_in_clear() -> None:
    async with Script(EHLO=OFFERS_LOGIN) as script:
        fate = await send(f"smtp://user:secret@127.0.0.1:{script.port}")
    assert fate == Down("smtp: the server offers no TLS, and nothing may go out in clear")
    assert script.verbs == ["EHLO"]


async def test_required_tls_is_not_done_without() -> None:
    async with Script() as script:
        assert isinstance(await send(f"smtp://127.0.0.1:{script.port}?tls=require-starttls"), Down)
    assert "MAIL" not in script.verbs


async def test_tls_is_used_where_it_is_offered(encrypted: SmtpTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    upgraded: list[bool] = []
    starttls = SMTP.starttls

    async def noted(self: SMTP, **options: Any) -> Any:
        upgraded.append(True)
        return await starttls(self, **options)

    monkeypatch.setattr(SMTP, "starttls", noted)
    assert await send(encrypted.smtp_url) == Done(MESSAGE_ID)
    assert upgraded == [True]


async def test_tls_is_left_alone_where_the_url_says_so(encrypted: SmtpTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SMTP, "starttls", None)
    assert await send(f"{encrypted.smtp_url}?tls=none") == Done(MESSAGE_ID)


@pytest.mark.usefixtures("far_away")
async def test_a_poor_certificate_beats_none_where_nothing_is_secret(encrypted: SmtpTwin) -> None:
    assert await send(encrypted.smtp_url) == Done(MESSAGE_ID)


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{}?tls=require-starttls", "smtp://user:secret@127.0.0.1:{}"])
async def test_a_poor_certificate_is_refused_where_it_matters(encrypted: SmtpTwin, url: str) -> None:
    assert isinstance(await send(url.format(encrypted.smtp_port)), Down)
    assert encrypted.journal.all() == []


async def test_tls_from_the_first_byte_works_too(tmp_path: Path) -> None:
    config = SmtpConfig(tls=server_context(tmp_path), implicit_tls=True)
    async with SmtpTwin(config=config) as twin:
        assert await send(twin.smtp_url) == Done(MESSAGE_ID)


async def test_a_server_that_breaks_off_the_handshake_is_down() -> None:
    async with Script(EHLO="250-script\r\n250 STARTTLS", STARTTLS="454 4.7.0 not now") as script:
        assert isinstance(await send(f"smtp://127.0.0.1:{script.port}"), Down)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Relay("mail.example", 587, "starttls", "", "")),
        ("smtps://u:p@mail.example", Relay("mail.example", 465, "implicit", "u", "p")),
        ("smtp://[::1]:25?tls=none", Relay("::1", 25, "none", "", "")),
    ],
)
def test_an_smtp_url_is_read(url: str, expected: Relay) -> None:
    assert relay(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://h:port",
        "smtp://h?tls=maybe",
        "smtp://u:p@h?tls=none",
    ],
)
def test_a_wrong_smtp_url_is_a_wrong_setting_and_stays_secret(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SMTP_URL") as error:
        relay(url)
    assert "u:p" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("mail.example", False),
        ("10.0.0.1", False),
    ],
)
def test_only_this_machine_itself_is_local(host: str, *, local: bool) -> None:
    assert Relay(host, 25, "starttls", "", "").local is local
