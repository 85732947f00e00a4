"""Queues in PostgreSQL tables: claim with a lease, send, settle in batches (spec, section 2)."""

from shared.queue.drain import Sender, drain
from shared.queue.store import EMAILS, REPLIES, WEBHOOKS, Email, Queue, Reply, Store, WebhookRetry

__all__ = [
    "EMAILS",
    "REPLIES",
    "WEBHOOKS",
    "Email",
    "Queue",
    "Reply",
    "Sender",
    "Store",
    "WebhookRetry",
    "drain",
]
