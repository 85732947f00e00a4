from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outcome import Dead
from shared.providers.letter import Letter, letter
from shared.providers.mime import message
from tests.mails import ID, mail

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OWN = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


def raw(**changes: Any) -> bytes:
    checked = letter(mail(**changes))
    assert isinstance(checked, Letter), checked
    return message(checked, NOW)


def read(**changes: Any) -> EmailMessage:
    return message_from_bytes(raw(**changes), policy=default)


def part(found: EmailMessage, kind: str) -> str:
    body = found.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_message_carries_what_its_row_says() -> None:
    found = read(reply_to="Help <help@example.com>", headers={"X-Order": "o_1"})
    assert found["From"] == "Nightshift <night@example.com>"
    assert (found["To"], found["Subject"], found["X-Order"]) == ("anna@example.org", "Hello", "o_1")
    assert found["Reply-To"] == "Help <help@example.com>"
    assert found["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert part(found, "plain") == "Good morning.\n"


def test_the_message_id_is_the_same_for_every_attempt() -> None:
    assert read()["Message-ID"] == read(subject="Hello")["Message-ID"] == f"<{ID.hex}@example.com>"


def test_lines_end_as_the_wire_wants_them_and_none_is_too_long() -> None:
    lines = raw(subject="ü" * 900, text="é" * 5000, html="<p>" + "a" * 5000 + "</p>").split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 998


def test_a_message_is_ascii_throughout_so_that_every_server_takes_it() -> None:
    assert raw(subject="Grüße 🌙", from_email="Köln <a@bücher.example>", text="schön").isascii()


def test_names_and_subjects_of_any_script_survive() -> None:
    found = read(subject="Добрый вечер 🌙", from_email='"Ström, Ännchen" <a@bücher.example>')
    assert found["Subject"] == "Добрый вечер 🌙"
    assert found["From"].addresses[0].display_name == "Ström, Ännchen"
    assert found["From"].addresses[0].addr_spec == "a@xn--bcher-kva.example"


def test_a_subject_that_looks_encoded_is_shown_as_it_was_written() -> None:
    assert read(subject="=?utf-8?q?hidden?=")["Subject"] == "=?utf-8?q?hidden?="


def test_an_html_mail_has_a_plain_part_that_is_made_from_it() -> None:
    found = read(text=None, html="<h1>Hi</h1><p>read <a href='https://x.example/a'>this</a></p>")
    assert found.get_content_type() == "multipart/alternative"
    assert part(found, "plain") == "Hi\n\nread this (https://x.example/a)\n"
    assert "<h1>Hi</h1>" in part(found, "html")


def test_a_plain_part_of_ones_own_is_kept() -> None:
    assert part(read(text="mine", html="<p>other</p>"), "plain") == "mine\n"


def test_an_unsubscribe_url_becomes_the_one_click_headers() -> None:
    found = read(unsubscribe_url="https://x.example/u?t=1")
    assert found["List-Unsubscribe"] == "<https://x.example/u?t=1>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_is_promised_over_https_only() -> None:
    found = read(unsubscribe_url="http://x.example/u")
    assert (found["List-Unsubscribe"], found["List-Unsubscribe-Post"]) == ("<http://x.example/u>", None)


def test_without_an_unsubscribe_url_there_are_no_list_headers() -> None:
    assert read(unsubscribe_url="")["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"subject": "a\r\nBcc: b@example.org"}, "subject holds a control character"),
        ({"subject": "a\nb"}, "subject holds a control character"),
        ({"subject": "a\u2028b"}, "subject holds a control character"),
        ({"subject": "a" * 999}, "subject is longer than 998 characters"),
        ({"to_email": "a@example.org\nBcc: b@example.org"}, "to_email holds a control character"),
        ({"to_email": "a@example.org, b@example.org"}, "to_email is not an email address"),
        ({"to_email": "Anna <a@example.org>"}, "to_email is not an email address"),
        ({"from_email": "A\r <a@example.org>"}, "from_email holds a control character"),
        ({"from_email": "nobody"}, "from_email is not an email address"),
        ({"reply_to": "x\n@example.org"}, "reply_to holds a control character"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "a header holds a control character"),
        ({"headers": {"X-A\r\nX-B": "2"}}, "headers has a name that no header can have"),
        ({"headers": {"X A": "2"}}, "headers has a name that no header can have"),
        ({"headers": {"X-A:": "2"}}, "headers has a name that no header can have"),
        ({"headers": {"": "2"}}, "headers has a name that no header can have"),
        ({"headers": {"X-A": 1}}, "a header is not text"),
        ({"headers": {"X-A": {"b": "c"}}}, "a header is not text"),
        ({"headers": {"X-A": "a" * 901}}, "a header is longer than 900 characters"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers has a name twice, or more than 50 of them"),
        ({"headers": {f"X-{n}": "" for n in range(51)}}, "headers has a name twice, or more than 50 of them"),
        ({"unsubscribe_url": "https://x.example/>\r\nX: y"}, "unsubscribe_url is not a link"),
        ({"unsubscribe_url": "javascript:alert(1)"}, "unsubscribe_url is not a link"),
        ({"unsubscribe_url": "https://[x"}, "unsubscribe_url is not a link"),
        ({"unsubscribe_url": "https:///path"}, "unsubscribe_url is not a link"),
        ({"unsubscribe_url": {"a": 1}}, "unsubscribe_url is not a link"),
        ({"text": "a\x00b"}, "text holds a character that no mail can carry"),
        ({"html": "a\ud800b"}, "html holds a character that no mail can carry"),
    ],
)
def test_what_could_forge_a_message_is_dead_and_says_why(changes: dict[str, Any], why: str) -> None:
    assert letter(mail(**changes)) == Dead(why)


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "TO",
        "cc",
        "Bcc",
        "Sender",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Return-Path",
        "Received",
        "Content-Type",
        "content-transfer-encoding",
        "DKIM-Signature",
        "Resent-To",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ],
)
def test_no_row_overrides_a_header_that_is_not_its_own(name: str) -> None:
    assert letter(mail(headers={name: "x"})) == Dead(f"headers may not set {name.lower()}")


def test_a_reason_never_holds_what_the_row_held() -> None:
    fate = letter(mail(to_email="secret@person@example.org"))
    assert isinstance(fate, Dead)
    assert "secret" not in fate.why


def decoded(header: str) -> str:
    """As mail programs read it; the standard library's newer parser puts spaces between encoded words of a name."""
    return str(make_header(decode_header(header)))


anything = st.text(max_size=120) | st.text(alphabet='a\r\n\t :;<>@"\\=?ü', max_size=60)


@given(
    subject=anything,
    to_email=anything | st.just("anna@example.org"),
    from_email=anything | st.builds("{} <a@example.org>".format, anything) | st.just("a@example.org"),
    reply_to=st.none() | anything | st.builds('"{}" <a@example.org>'.format, anything),
    headers=st.dictionaries(anything | st.just("X-A"), anything | st.integers(), max_size=3),
    unsubscribe_url=st.none() | anything | st.builds("https://x.example/{}".format, anything),
    text=anything,
    html=st.none() | anything,
)
def test_no_input_adds_a_header_or_raises(**fields: Any) -> None:
    checked = letter(mail(**fields))
    if isinstance(checked, Dead):
        return
    found = message_from_bytes(message(checked, NOW), policy=default)
    listed = {"List-Unsubscribe", "List-Unsubscribe-Post"} & set(checked.headers)
    allowed = OWN | set(fields["headers"]) | listed | ({"Reply-To"} if checked.reply_to else set())
    assert set(found.keys()) <= allowed
    assert len(found.keys()) == len(set(found.keys()))
    assert (found["To"], found.defects) == (checked.to.address, [])


@given(name=st.text(max_size=100), subject=st.text(max_size=300))
def test_what_is_accepted_is_read_back_as_it_was_written(name: str, subject: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    checked = letter(mail(from_email=f'"{quoted}" <a@example.org>', subject=subject))
    if isinstance(checked, Letter):
        found = message_from_bytes(message(checked, NOW))
        assert decoded(found["Subject"]) == subject
        assert decoded(parseaddr(found["From"])[0]) == checked.sender.name
