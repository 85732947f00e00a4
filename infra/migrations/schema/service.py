"""How the service itself runs."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSON, JSONB

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, required

Table(
    "job_history",
    METADATA,
    identifier(),
    required("job_name", Text),
    Column("run_key", Text),
    required("trigger", Text, "'schedule'"),
    moment("started_at"),
    Column("completed_at", MOMENT),
    required("status", Text, "'running'"),
    required("items_processed", Integer, "0"),
    required("items_failed", Integer, "0"),
    Column("error_message", Text),
    required("metadata", JSONB, "'{}'"),
    Column("log_lines", JSON),
    Index("job_history_by_job", "job_name", text("started_at DESC")),
    Index("job_history_latest", text("started_at DESC"), text("id DESC")),
    Index(
        "job_history_failed",
        text("started_at DESC"),
        text("id DESC"),
        postgresql_where=text("status = 'failed'::text"),
    ),
    Index("job_history_running", "job_name", "started_at", postgresql_where=text("status = 'running'::text")),
    Index(
        "job_history_tick",
        "job_name",
        "run_key",
        unique=True,
        postgresql_where=text("(run_key IS NOT NULL) AND (status = ANY (ARRAY['running'::text, 'success'::text]))"),
    ),
)

Table(
    "rate_limit_counters",
    METADATA,
    Column("key", Text, primary_key=True),
    required("granted", ARRAY(MOMENT), "'{}'::timestamp with time zone[]"),
    Column("held_until", MOMENT),
    required("expires_at", MOMENT),
    required("numbers", ARRAY(Integer), "'{}'::integer[]"),
    Index("rate_limit_counters_expiry", "expires_at"),
)

Table(
    "metric_counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("labels", JSONB, primary_key=True, server_default=text("'{}'")),
    required("value", DOUBLE_PRECISION, "0"),
)

Table(
    "alert_states",
    METADATA,
    Column("cause", Text, primary_key=True),
    required("raised_at", MOMENT),
    required("sent_at", MOMENT),
    required("times", Integer, "1"),
    Column("resolved_at", MOMENT),
)

Table(
    "job_pulses",
    METADATA,
    Column("job", Text, primary_key=True),
    moment("known_since"),
    Column("began_at", MOMENT),
    Column("steady_since", MOMENT),
    required("passes", BigInteger, "0"),
)

Table(
    "queue_samples",
    METADATA,
    Column("queue", Text, ForeignKey("queues.name", ondelete="CASCADE"), primary_key=True),
    Column("at", MOMENT, primary_key=True),
    required("live", Integer),
    required("due", Integer),
    Column("oldest_due_seconds", DOUBLE_PRECISION),
    required("dead", Integer),
    required("done", Integer),
    required("died", Integer),
    Index("queue_samples_at", "at"),
)

Table(
    "audit_log",
    METADATA,
    identifier(),
    moment("at"),
    required("actor", Text),
    required("action", Text),
    required("subject", Text),
    required("detail", JSONB, "'{}'"),
    Index("audit_log_subject", "subject", text("at DESC")),
)
