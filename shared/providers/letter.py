"""A checked mail: every part of it is known to be safe to put into a message or into a provider's call.

Nothing that a row holds can add a header, a recipient or a line: what could is refused with a reason, for good.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.mailbox import CONTROL, AddressError, Mailbox, parse
from shared.outcome import Dead
from shared.providers.mail import Mail
from shared.providers.plain_text import plain_text

SUBJECT = 998  # characters; the longest line that RFC 5322 allows, and more than anybody reads
HEADER = 900  # characters of a further header's value, which goes out on one line
HEADERS = 50
FIELD = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# Written by Nightshift or by servers on the way; a row that names one of these wants to be another mail.
RESERVED = re.compile(
    r"from|sender|reply-to|to|cc|bcc|subject|date|message-id|mime-version|return-path|received|errors-to"
    r"|content-.*|resent-.*|dkim-.*|arc-.*|authentication-results|list-unsubscribe(-post)?|disposition-notification-to",
    re.IGNORECASE,
)


class UnsendableError(ValueError):
    """Names the field and its fault, never its value."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What may go out.

    Attributes:
        key: the same for every attempt at this mail, and for no other.
        text: always there; made from the HTML where the row has none.
        headers: further headers, List-Unsubscribe among them.
    """

    message_id: str
    key: str
    sender: Mailbox
    to: Mailbox
    reply_to: Mailbox | None
    subject: str
    text: str
    html: str | None
    headers: Mapping[str, str]


def letter(mail: Mail) -> Letter | Dead:
    """Check a mail; the fate where it can never be sent."""
    try:
        return _letter(mail)
    except UnsendableError as error:
        return Dead(str(error))


def _letter(mail: Mail) -> Letter:
    sender = _mailbox("from_email", mail.from_email, named=True)
    return Letter(
        message_id=f"<{mail.id.hex}@{sender.domain}>",
        key=str(mail.id),
        sender=sender,
        to=_mailbox("to_email", mail.to_email),
        reply_to=_mailbox("reply_to", mail.reply_to, named=True) if mail.reply_to else None,
        subject=line("subject", mail.subject, SUBJECT),
        text=_body("text", mail.text) or plain_text(mail.html or ""),
        html=_body("html", mail.html) or None,
        headers={**safe_headers(mail.headers), **_unsubscribe(mail.unsubscribe_url)},
    )


def _mailbox(field: str, text: str, *, named: bool = False) -> Mailbox:
    try:
        return parse(text, named=named)
    except AddressError as error:
        raise UnsendableError(f"{field} {error}") from None


def line(field: str, value: object, limit: int) -> str:
    """A text that stays on its line.

    Raises:
        UnsendableError: it would not, or is too long.
    """
    if not isinstance(value, str):
        raise UnsendableError(f"{field} is not text")
    if CONTROL.search(value):
        raise UnsendableError(f"{field} holds a control character")
    if len(value) > limit:
        raise UnsendableError(f"{field} is longer than {limit} characters")
    return value


def _body(field: str, value: str | None) -> str | None:
    if value and re.search("[\x00\ud800-\udfff]", value):
        raise UnsendableError(f"{field} holds a character that no mail can carry")
    return value


def safe_headers(given: Mapping[str, object]) -> dict[str, str]:
    """Further headers that add what they say and nothing else.

    Raises:
        UnsendableError: one of them is reserved, or could break out.
    """
    for fault in _header_faults(given):
        raise UnsendableError(fault)
    return {name: line("a header", value, HEADER) for name, value in given.items()}


def _header_faults(given: Mapping[str, object]) -> list[str]:
    """What is wrong with the names of further headers."""
    names = [name.lower() for name in given]
    faults = ["headers has a name that no header can have" for name in given if not FIELD.fullmatch(name)]
    faults += [f"headers may not set {name}" for name in names if FIELD.fullmatch(name) and RESERVED.fullmatch(name)]
    if len(set(names)) < len(names) or len(names) > HEADERS:
        faults.append(f"headers has a name twice, or more than {HEADERS} of them")
    return faults


def _unsubscribe(url: object) -> dict[str, str]:
    """RFC 8058: mail clients show a button, and post to the URL when it is pressed; over https only."""
    if url is None or url == "":
        return {}
    if not isinstance(url, str) or not is_link(url):
        raise UnsendableError("unsubscribe_url is not a link")
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url.startswith("https://") else {}
    return {"List-Unsubscribe": f"<{url}>", **one_click}


def is_link(url: str) -> bool:
    """A web address that can stand in a header and in an attribute as it is."""
    if not re.fullmatch(r"https?://[!#$%&'*+,./0-9:;=?@A-Z_a-z~\[\]()-]{1,800}", url):
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False
