"""The mail that was accepted: parsed for readers, kept over restarts as one JSON line a message."""

import contextlib
import json
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

KEPT = 5_000  # messages; the oldest go first
FILE = "mailbox.jsonl"
OWNER_ONLY = 0o600  # mail is nobody else's to read, a test's as little as any


@dataclass(frozen=True, slots=True)
class Message:
    """One accepted message.

    Attributes:
        id: from 1, never used again in one mailbox.
        received_at: ISO 8601, UTC.
        raw: the bytes as they came, each as the character of the same number (latin-1), so that none is lost.
    """

    id: int
    received_at: str
    mail_from: str
    recipients: tuple[str, ...]
    message_id: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    raw: str

    @classmethod
    def parse(cls, number: int, at: float, mail_from: str, recipients: Iterable[str], raw: bytes) -> Self:
        """`at` in seconds since 1970. Broken mail is kept too, with what could be read of it."""
        mail = message_from_bytes(raw, policy=default)
        return cls(
            id=number,
            received_at=datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
            mail_from=mail_from,
            recipients=tuple(recipients),
            message_id=header(mail, "Message-ID"),
            subject=header(mail, "Subject"),
            headers=tuple((name, header(mail, name)) for name in dict.fromkeys(mail.keys())),
            text=part(mail, "plain"),
            html=part(mail, "html"),
            raw=raw.decode("latin-1"),
        )

    def public(self) -> dict[str, Any]:
        """For /messages.json: everything but the raw bytes."""
        return {name: value for name, value in asdict(self).items() if name != "raw"}


def header(mail: EmailMessage, name: str) -> str:
    """All values of one header; a value that the parser gives up on is shown as it came."""
    try:
        values = mail.get_all(name, [])
    except Exception:
        values = [value for key, value in mail.raw_items() if key.lower() == name.lower()]
    return clean(", ".join(str(value) for value in values))


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return clean(str(body.get_content()))
    except (LookupError, ValueError):  # an unknown charset or transfer encoding
        return clean(str(body.get_payload()))


def clean(text: str) -> str:
    """Plain line ends, and a question mark for what was no text: surrogates cannot be sent on."""
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode()


class Mailbox:
    """The last messages, newest last; on disk under `home` if there is one."""

    def __init__(self, home: Path | None = None) -> None:
        self._path = home / FILE if home else None
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._lines = 0
        self._last = 0

    def load(self) -> None:
        """Read what an earlier run kept; a line that a crash cut short is left out."""
        if not self._path or not self._path.exists():
            return
        for kept in self._path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError, TypeError, KeyError):
                self._messages.append(restored(json.loads(kept)))
        self._last = max((message.id for message in self._messages), default=0)
        self._compact(self._path)

    def add(self, at: float, mail_from: str, recipients: Iterable[str], raw: bytes) -> Message:
        self._last += 1
        message = Message.parse(self._last, at, mail_from, recipients, raw)
        self._messages.append(message)
        self._write(message)
        return message

    def newest(self) -> list[Message]:
        return list(reversed(self._messages))

    def find(self, number: int) -> Message | None:
        return next((message for message in self._messages if message.id == number), None)

    def clear(self) -> None:
        self._messages.clear()
        self._lines = 0
        if self._path:
            self._path.unlink(missing_ok=True)

    def _write(self, message: Message) -> None:
        if not self._path:
            return
        if self._lines >= 2 * KEPT:  # seldom enough that rewriting costs nothing per message
            self._compact(self._path)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=OWNER_ONLY)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line(message))
        self._lines += 1

    def _compact(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        fresh.touch(mode=OWNER_ONLY)
        fresh.write_text("".join(map(line, self._messages)), encoding="utf-8")
        fresh.replace(path)
        self._lines = len(self._messages)


def line(message: Message) -> str:
    return json.dumps(asdict(message)) + "\n"


def restored(fields: dict[str, Any]) -> Message:
    headers = tuple((name, value) for name, value in fields["headers"])
    return Message(**{**fields, "recipients": tuple(fields["recipients"]), "headers": headers})
