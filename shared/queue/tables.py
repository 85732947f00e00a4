"""The queue tables and what their claimed rows carry."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, LiteralString, NamedTuple, Protocol, TypeVar, cast
from uuid import UUID


class Claimed(Protocol):
    """What every claimed row has."""

    @property
    def id(self) -> UUID: ...

    @property
    def possible_duplicate(self) -> bool: ...


class Reply(NamedTuple):
    id: UUID
    possible_duplicate: bool
    user_id: UUID
    telegram_chat_id: int
    response_text: str
    scheduled_at: datetime
    retry_count: int
    parts_sent: int


class Email(NamedTuple):
    id: UUID
    possible_duplicate: bool
    to_email: str
    subject: str
    html: str | None
    text: str | None
    from_email: str | None
    reply_to: str | None
    headers: dict[str, Any]
    email_type: str
    metadata: dict[str, Any]
    attempts: int
    idempotency_key: str | None


class WebhookRetry(NamedTuple):
    id: UUID
    possible_duplicate: bool
    webhook_type: str
    webhook_event_id: str
    payload: str
    attempts: int


class Alert(NamedTuple):
    id: UUID
    possible_duplicate: bool
    kind: str
    cause: str
    summary: str
    advice: str
    page: str
    since: datetime
    target: str
    created_at: datetime


class Push(NamedTuple):
    id: UUID
    possible_duplicate: bool
    user_id: UUID
    device_id: UUID
    title: str
    body: str
    data: dict[str, Any]
    attempts: int
    created_at: datetime


RowT = TypeVar("RowT", bound=Claimed)


@dataclass(frozen=True)
class Queue(Generic[RowT]):
    """One queue table.

    Attributes:
        row: the type of its rows; its fields are the columns that a claim answers.
        due: when a row is due, in the table's columns; the longest due goes first.
        unread: JSON columns that are handed on as text, since most rows never need them read.
        delays: the setting that overrides its ladder of delays.
        ordered: whether rows wait for earlier ones of their chat.
    """

    table: LiteralString
    row: type[RowT]
    due: LiteralString
    delays: str
    ordered: bool = False
    unread: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """What a claim answers, in the order in which `make` takes it."""
        fields: tuple[str, ...] = cast("Any", self.row)._fields
        return fields

    @property
    def make(self) -> Callable[..., RowT]:
        return cast("Callable[..., RowT]", self.row)


REPLIES = Queue(
    "pending_responses", Reply, "coalesce(next_attempt_at, scheduled_at)", "reply_retry_delays", ordered=True
)
EMAILS = Queue("email_queue", Email, "coalesce(next_retry_at, created_at)", "email_retry_delays")
WEBHOOKS = Queue(
    "webhook_retry_queue", WebhookRetry, "next_retry_at", "webhook_retry_delays", unread=frozenset({"payload"})
)
ALERTS = Queue("alert_queue", Alert, "coalesce(next_retry_at, created_at)", "alert_retry_delays")
PUSHES = Queue("push_queue", Push, "coalesce(next_retry_at, created_at)", "push_retry_delays")
