"""How long rows are kept that nobody waits for any more, and the one statement that deletes them."""

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql as pg

from shared import sql

ROWS_OUT, RUNS = "30 days", "30 days"  # queue rows that went out or were given up; job history
SAMPLES = "30 days"  # of how the queues stood
EVENTS = "90 days"  # of a provider that are done with: Stripe sends none again after 30
SQL = sql.beside(__file__)


@dataclass(frozen=True)
class Keeping:
    """One table's rows that go some time after a moment of theirs.

    Attributes:
        since: the column of that moment; an index begins with it.
        time: how long after it, as PostgreSQL reads an interval.
        among: which rows it is about, in the table's columns.
    """

    table: LiteralString
    since: LiteralString
    time: str = "0 s"
    among: LiteralString = "true"
    key: LiteralString = "id"

    @property
    def delete(self) -> pg.Composed:
        """Deletes the oldest `page` rows whose time is over and answers how many `rows` went."""
        return pg.SQL(SQL.delete.decode()).format(
            table=pg.Identifier(self.table),
            key=pg.Identifier(self.key),
            since=pg.Identifier(self.since),
            time=pg.Literal(self.time),
            among=pg.SQL(self.among),
        )


KEPT = {
    "replies_deleted": Keeping("pending_responses", "finished_at", ROWS_OUT, "status in ('delivered', 'discarded')"),
    "emails_deleted": Keeping("email_queue", "finished_at", ROWS_OUT, "status in ('sent', 'suppressed', 'discarded')"),
    "webhook_retries_deleted": Keeping(
        "webhook_retry_queue", "finished_at", ROWS_OUT, "status in ('processed', 'discarded')"
    ),
    "alerts_deleted": Keeping("alert_queue", "finished_at", ROWS_OUT, "status in ('sent', 'discarded')"),
    "pushes_deleted": Keeping("push_queue", "finished_at", ROWS_OUT, "status in ('sent', 'suppressed', 'discarded')"),
    "samples_deleted": Keeping("queue_samples", "at", SAMPLES, key="at"),
    "webhook_events_deleted": Keeping("webhook_events", "received_at", EVENTS, "status in ('processed', 'ignored')"),
    "runs_deleted": Keeping("job_history", "started_at", RUNS, "status <> 'running'"),
    "rate_limits_deleted": Keeping("rate_limit_counters", "expires_at", key="key"),
    "registrations_deleted": Keeping("pending_registrations", "expires_at", key="telegram_id"),
    "conversations_deleted": Keeping("direct_conversations", "created_at", among="low_id is null and high_id is null"),
}
