"""What a caller may ask for, checked field by field: what is accepted here can be sent."""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator

from shared.idempotency import Key
from shared.mail_templates import Kind, render
from shared.mailbox import parse
from shared.paging import UNPRINTABLE, written
from shared.providers.letter import SUBJECT, is_link, line, safe_headers
from shared.repositories.emails import UNSUBSCRIBE, EmailRequest

AHEAD = timedelta(days=366)  # of now, the furthest time that a mail may be scheduled for
DEPTH = 20  # levels of nested metadata


def address(text: str) -> str:
    parse(text)
    return text


def named_address(text: str) -> str:
    parse(text, named=True)
    return text


def headline(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return line("subject", text, SUBJECT)


def body(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return written(text)


def web_address(text: str) -> str:
    if not is_link(text):
        raise ValueError("is not a whole http or https address")
    return text


def soon(time: datetime) -> datetime:
    if time - datetime.now(UTC) > AHEAD:
        raise ValueError(f"is more than {AHEAD.days} days away")
    return time


def storable(content: dict[str, Any]) -> dict[str, Any]:
    """JSON that PostgreSQL takes: no NUL, no half characters, no infinities, no bottomless nesting."""
    level: list[Any] = [content]
    for _ in range(DEPTH):
        if any(map(_unstorable, level)):
            raise ValueError("holds a control character or a number that is none")
        level = [part for each in level for part in _parts(each)]
    if level:
        raise ValueError(f"is nested deeper than {DEPTH} levels")
    return content


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _unstorable(value: Any) -> bool:
    return (isinstance(value, str) and bool(UNPRINTABLE.search(value))) or (
        isinstance(value, float) and not math.isfinite(value)
    )


class Message(BaseModel):
    """The body of `POST /send-email`: a subject with html or text or both, or a template with its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[str, AfterValidator(address)]
    subject: Annotated[str, AfterValidator(headline)] | None = None
    html: Annotated[str, AfterValidator(body)] | None = None
    text: Annotated[str, AfterValidator(body)] | None = None
    template: Kind | None = None
    values: Annotated[dict[str, str | int | float | bool | None], AfterValidator(storable)] = {}
    from_email: Annotated[str, AfterValidator(named_address)] | None = None
    reply_to: Annotated[str, AfterValidator(named_address)] | None = None
    headers: Annotated[dict[str, str], AfterValidator(safe_headers)] = {}
    email_type: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "transactional"
    metadata: Annotated[dict[str, Any], AfterValidator(storable)] = {}
    unsubscribe_url: Annotated[str, AfterValidator(web_address)] | None = None
    idempotency_key: Key | None = None
    send_at: Annotated[AwareDatetime, AfterValidator(soon)] | None = None

    @model_validator(mode="after")
    def complete(self) -> "Message":
        """Either a template or a content of one's own, never a mixture and never nothing."""
        own = (self.subject, self.html, self.text)
        if self.template and any(part is not None for part in own):
            raise ValueError("template: it writes subject, html and text itself; leave those out")
        if not self.template and (self.subject is None or (self.html is None and self.text is None)):
            raise ValueError("send a subject with html or text, or a template with its values")
        if self.unsubscribe_url and UNSUBSCRIBE in self.metadata:
            raise ValueError(f"unsubscribe_url: metadata has {UNSUBSCRIBE} already")
        web_address(str(self.metadata.get(UNSUBSCRIBE, "https://none.example")))
        return self

    def request(self) -> EmailRequest:
        """The email as the queue takes it, its template rendered."""
        written = {"subject": self.subject, "html": self.html, "text": self.text}
        metadata = {**self.metadata, **({UNSUBSCRIBE: self.unsubscribe_url} if self.unsubscribe_url else {})}
        if self.template:
            unsubscribe = {UNSUBSCRIBE: metadata[UNSUBSCRIBE]} if UNSUBSCRIBE in metadata else {}
            rendered = render(self.template, **{**unsubscribe, **self.values})
            written = {"subject": rendered.subject, "html": rendered.html, "text": rendered.text}
        return EmailRequest(
            to=self.to,
            subject=written["subject"] or "",
            html=written["html"],
            text=written["text"],
            from_email=self.from_email,
            reply_to=self.reply_to,
            headers=self.headers,
            email_type=self.email_type,
            metadata=metadata,
            send_at=self.send_at,
        )
