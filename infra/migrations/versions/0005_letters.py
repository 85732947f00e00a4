"""What operators see of the queues and do with dead letters: views over all three tables, requeues in waves."""

from infra.migrations.queues import QUEUES
from infra.migrations.render import run

revision = "0005"
down_revision = "0004"

# Who a row is for, and the columns that make its content.
RECIPIENT = {
    "pending_responses": "r.telegram_chat_id::text",
    "email_queue": "lower(r.to_email)",
    "webhook_retry_queue": "r.webhook_type",
}
CONTENT = {
    "pending_responses": ["user_id", "telegram_chat_id", "response_text", "scheduled_at", "parts_sent"],
    "email_queue": [
        *("to_email", "subject", "html", "text", "from_email", "reply_to", "headers", "email_type", "metadata"),
        "max_attempts",
    ],
    "webhook_retry_queue": ["webhook_type", "webhook_event_id", "payload", "headers", "metadata", "max_attempts"],
}


def upgrade() -> None:
    run("0005_letters.up.sql", queues=QUEUES, recipient=RECIPIENT, content=CONTENT)


def downgrade() -> None:
    run("0005_letters.down.sql", queues=QUEUES)
