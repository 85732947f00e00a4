"""A letter as an internet message (RFC 5322, MIME), in one place for every provider that takes one."""

from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from shared.mailbox import Mailbox
from shared.providers.letter import Letter

PLAIN = 900  # characters; what is longer, or not ASCII, goes out in encoded words, folded
# Headers are written by `encoded`, once, and never folded again; bodies need no server that is clean for eight bits.
POLICY = SMTP.clone(refold_source="none", cte_type="7bit")
POLICY_UTF8 = POLICY.clone(utf8=True)


def message(letter: Letter, now: datetime) -> bytes:
    """The bytes to hand over, lines ended by CRLF.

    Args:
        now: becomes the Date; the rest is the same for every attempt, except for the part boundary.
    """
    mail = EmailMessage(policy=POLICY_UTF8 if needs_utf8(letter) else POLICY)
    for name, value in headers(letter, now).items():
        mail.set_raw(name, value)
    mail.set_content(letter.text, charset="utf-8")
    if letter.html:
        mail.add_alternative(letter.html, subtype="html", charset="utf-8")
    return mail.as_bytes()


def headers(letter: Letter, now: datetime) -> dict[str, str]:
    """All headers but those of the content, each on lines that are ASCII (a local part beyond it excepted)."""
    written = {
        "From": written_mailbox(letter.sender),
        "To": letter.to.address,
        "Subject": encoded(letter.subject),
        "Date": format_datetime(now),
        "Message-ID": letter.message_id,
    }
    if letter.reply_to:
        written["Reply-To"] = written_mailbox(letter.reply_to)
    return written | {name: encoded(value) for name, value in letter.headers.items()}


def needs_utf8(letter: Letter) -> bool:
    """Whether an address needs a server with SMTPUTF8; names and subjects never do."""
    boxes = (letter.sender, letter.to, letter.reply_to)
    return not all(box is None or box.local.isascii() for box in boxes)


def written_mailbox(box: Mailbox) -> str:
    """`"Name" <address>`, the name quoted or encoded."""
    if not box.name:
        return box.address
    name = encoded(box.name)
    if name == box.name:
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{box.address}>"


def encoded(text: str) -> str:
    """A header's text as it is, or in encoded words (RFC 2047) where it is not short, plain ASCII."""
    if text.isascii() and len(text) <= PLAIN and "=?" not in text and text == text.strip():
        return text
    return Header(text, "utf-8", maxlinelen=76).encode(linesep="\r\n")
