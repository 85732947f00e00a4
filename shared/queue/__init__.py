"""Queues in PostgreSQL tables: claim with a lease, send, settle in batches (spec, section 2)."""

from shared.queue.drain import drain
from shared.queue.sends import Sender
from shared.queue.store import Store
from shared.queue.tables import (
    ALERTS,
    EMAILS,
    PUSHES,
    REPLIES,
    WEBHOOKS,
    Alert,
    Email,
    Push,
    Queue,
    Reply,
    WebhookRetry,
)

__all__ = [
    "ALERTS",
    "EMAILS",
    "PUSHES",
    "REPLIES",
    "WEBHOOKS",
    "Alert",
    "Email",
    "Push",
    "Queue",
    "Reply",
    "Sender",
    "Store",
    "WebhookRetry",
    "drain",
]
