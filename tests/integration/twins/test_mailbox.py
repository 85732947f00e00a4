from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.twins import SmtpConfig, SmtpTwin
from infra.local.twins import mailbox as mailbox_module
from infra.local.twins.mailbox import FILE, Mailbox, Message

SPITEFUL = (
    b"From: a@example.org\r\nSubject: <script>alert(1)</script>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<b>bold</b><script>alert(2)</script>"
)


@pytest.fixture
async def twin() -> AsyncIterator[SmtpTwin]:
    async with SmtpTwin() as twin:
        yield twin


def receive(mailbox: Mailbox, subject: str = "hi", to: str = "anna@example.org", raw: bytes = b"") -> Message:
    return mailbox.add(0.0, "night@example.org", [to], raw or f"Subject: {subject}\r\n\r\nbody".encode())


async def test_an_empty_mailbox_says_so(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    assert "No mail yet" in (await http.get(twin.url)).text


async def test_the_list_shows_the_newest_first(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    receive(twin.mailbox, "first")
    receive(twin.mailbox, "second")
    page = (await http.get(twin.url)).text
    assert page.index("second") < page.index("first")


async def test_the_list_is_searched_by_address_or_subject(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    receive(twin.mailbox, "recap")
    receive(twin.mailbox, "receipt", to="ben@example.org")
    assert "recap" not in (await http.get(f"{twin.url}/?q=BEN@")).text
    assert "Nothing matches" in (await http.get(f"{twin.url}/?q=nobody")).text


async def test_older_mail_is_on_the_next_page(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    for number in range(51):
        receive(twin.mailbox, f"number {number:02}")
    assert "number 00" not in (await http.get(twin.url)).text
    assert "number 00" in (await http.get(f"{twin.url}/?page=2")).text


async def test_a_subject_is_text_and_never_markup(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    message = receive(twin.mailbox, raw=SPITEFUL)
    for path in ("/", f"/messages/{message.id}"):
        page = (await http.get(twin.url + path)).text
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_html_is_shown_in_a_sandboxed_frame_that_runs_nothing(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    message = receive(twin.mailbox, raw=SPITEFUL)
    page = (await http.get(f"{twin.url}/messages/{message.id}")).text
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    framed = await http.get(f"{twin.url}/messages/{message.id}/html")
    assert "<b>bold</b>" in framed.text
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


async def test_the_raw_message_comes_back_byte_for_byte(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    raw = b"Subject: x\r\n\r\n\xff\xfe not utf-8 \xe2\x82\xac"
    message = receive(twin.mailbox, raw=raw)
    assert (await http.get(f"{twin.url}/messages/{message.id}/raw")).content == raw


async def test_a_message_that_is_not_there_is_not_found(twin: SmtpTwin, http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{twin.url}/messages/7")).status_code == 404


async def test_a_restart_keeps_the_mail_and_its_numbers(tmp_path: Path) -> None:
    config = SmtpConfig(home=tmp_path)
    async with SmtpTwin(config=config) as twin:
        kept = receive(twin.mailbox)
    async with SmtpTwin(config=config) as twin:
        assert twin.mailbox.newest() == [kept]
        assert receive(twin.mailbox).id == kept.id + 1


def test_a_line_that_a_crash_cut_short_is_left_out(tmp_path: Path) -> None:
    receive(Mailbox(tmp_path), "whole")
    with (tmp_path / FILE).open("a") as file:
        file.write('{"id": 2, "subj')
    reader = Mailbox(tmp_path)
    reader.load()
    receive(reader, "after")
    again = Mailbox(tmp_path)
    again.load()
    assert [message.subject for message in again.newest()] == ["after", "whole"]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    receive(Mailbox(tmp_path))
    Mailbox(tmp_path).load()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_mailbox_and_its_file_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "KEPT", 3)
    mailbox = Mailbox(tmp_path)
    for number in range(20):
        receive(mailbox, str(number))
    assert [message.subject for message in mailbox.newest()] == ["19", "18", "17"]
    assert len((tmp_path / FILE).read_text().splitlines()) <= 6


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    message = Message.parse(1, 0.0, "", [], raw)
    assert message.raw.encode("latin-1") == raw
    repr(message.public()).encode()
