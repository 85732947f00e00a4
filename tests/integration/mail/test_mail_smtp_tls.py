"""What may go out in clear, and to whom."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtplib import SMTP

from infra.local.twins.smtp import SmtpConfig, SmtpTwin
from shared.errors import ConfigurationError
from shared.outcome import Done, Down
from shared.providers.smtp_relay import Relay, relay
from tests.certificates import server_context
from tests.integration.mail.conftest import MESSAGE_ID, send
from tests.smtp_script import Script


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
