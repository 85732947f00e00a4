"""How the queue tables differ; everything else about them is one text, rendered once per table."""

from dataclasses import dataclass

from shared.queue import tables


@dataclass(frozen=True)
class Queue:
    """The names that one queue table has for the common life cycle (spec, section 2).

    Attributes:
        done, done_at: the status of a row that went out, and the column that shows when.
        dead: the status of a dead letter.
        attempts: the column that counts; `counts_success` says whether a success is counted too.
        spent: true when one more failed attempt would be the last (columns of `r`).
        next: the column that holds the next attempt's time.
        due: when a pending row is due.
        lane: rows of equal lane go out one at a time, in order of `lane_order`; None where order does not matter.
        claimed, unread: what an exchange answers of each row, and which JSON columns of it are handed on as text.
        first_step: the step of the ladder that follows the first attempt; whoever enqueues has used the ones before.
        recipient: who a row is for (of `r`).
        content: the columns that make its content.
        too_late: rows for which this holds are never sent any more.
    """

    table: str
    done: str
    done_at: str
    dead: str
    attempts: str
    counts_success: bool
    spent: str
    next: str
    due: str
    recipient: str
    content: tuple[str, ...]
    claimed: tuple[str, ...]
    unread: frozenset[str] = frozenset()
    lane: str | None = None
    lane_order: str | None = None
    too_late: str | None = None
    skipped: str | None = None
    first_step: int = 1


REPLIES = Queue(
    table="pending_responses",
    done="delivered",
    done_at="delivered_at",
    dead="failed",
    attempts="retry_count",
    counts_success=False,
    spent="r.retry_count >= 3",
    next="next_attempt_at",
    due=tables.REPLIES.due,
    recipient="r.telegram_chat_id::text",
    content=("user_id", "telegram_chat_id", "response_text", "scheduled_at", "parts_sent"),
    claimed=tables.REPLIES.columns,
    lane="telegram_chat_id",
    lane_order="scheduled_at",
    too_late="greatest(r.scheduled_at, r.requeued_at) < p_now - interval '24 hours'",
)
EMAILS = Queue(
    table="email_queue",
    done="sent",
    done_at="sent_at",
    dead="dead_letter",
    attempts="attempts",
    counts_success=True,
    spent="r.attempts + 1 >= r.max_attempts",
    next="next_retry_at",
    due=tables.EMAILS.due,
    recipient="lower(r.to_email)",
    content=(
        *("to_email", "subject", "html", "text", "from_email", "reply_to", "headers", "email_type", "metadata"),
        "max_attempts",
    ),
    claimed=tables.EMAILS.columns,
    skipped="suppressed",
)
WEBHOOKS = Queue(
    table="webhook_retry_queue",
    done="processed",
    done_at="processed_at",
    dead="dead_letter",
    attempts="attempts",
    counts_success=True,
    spent="r.attempts + 1 >= r.max_attempts",
    next="next_retry_at",
    due=tables.WEBHOOKS.due,
    recipient="r.webhook_type",
    content=("webhook_type", "webhook_event_id", "payload", "headers", "metadata", "max_attempts"),
    claimed=tables.WEBHOOKS.columns,
    unread=tables.WEBHOOKS.unread,
    first_step=2,
)
ALERTS = Queue(
    table="alert_queue",
    done="sent",
    done_at="sent_at",
    dead="dead_letter",
    attempts="attempts",
    counts_success=True,
    spent="r.attempts + 1 >= r.max_attempts",
    next="next_retry_at",
    due=tables.ALERTS.due,
    recipient="r.target",
    content=("kind", "cause", "summary", "advice", "page", "since", "target", "max_attempts"),
    claimed=tables.ALERTS.columns,
)
PUSHES = Queue(
    table="push_queue",
    done="sent",
    done_at="sent_at",
    dead="dead_letter",
    attempts="attempts",
    counts_success=True,
    spent="r.attempts + 1 >= r.max_attempts",
    next="next_retry_at",
    due=tables.PUSHES.due,
    recipient="r.device_id::text",
    content=("user_id", "device_id", "title", "body", "data", "max_attempts"),
    claimed=tables.PUSHES.columns,
    skipped="suppressed",
)
FIRST = (REPLIES, EMAILS, WEBHOOKS)  # of 0002; one that came later was made by `added_queue` in its own migration
QUEUES = (*FIRST, ALERTS, PUSHES)
