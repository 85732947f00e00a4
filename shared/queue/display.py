"""The one place where a row is made fit to be shown: who it is for becomes a fingerprint, what it says a length."""

from collections.abc import Mapping
from typing import Any

from shared.log import masked

PLAIN = {"user_id", "scheduled_at", "parts_sent", "email_type", "max_attempts", "webhook_type", "webhook_event_id"}
PLAIN |= {"device_id"}
PLAIN |= {"kind", "cause", "summary", "advice", "page", "since", "target"}  # of an alert, which has nothing personal
ADDRESSES = {"telegram_chat_id", "to_email", "from_email", "reply_to"}
IMPERSONAL = ("webhook_retry_queue", "alert_queue")  # queues whose recipient is a program


def content(columns: Mapping[str, Any]) -> dict[str, Any]:
    """A row's own columns without anything personal: what is not known to be plain is only described."""
    return {name: _shown(name, value) for name, value in columns.items()}


def recipient(queue: str, name: str) -> str:
    """Who a row is for, so that rows for the same person can be matched but the person not be read."""
    return name if queue in IMPERSONAL else masked(name)


def _shown(name: str, value: Any) -> Any:
    if value is None or name in PLAIN:
        return value
    return masked(str(value)) if name in ADDRESSES else _described(value)


def _described(value: Any) -> str:
    match value:
        case str():
            return f"{len(value)} characters"
        case dict():
            return f"{len(value)} fields" + (f": {', '.join(sorted(value))}" if value else "")
        case list():
            return f"{len(value)} entries"
        case _:
            return type(value).__name__
