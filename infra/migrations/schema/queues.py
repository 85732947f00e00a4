"""The queues, with one life cycle, and what is known of each."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    TextClause,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB
from sqlalchemy.schema import SchemaItem

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, of_user, required

PRINT = text("nightshift.fingerprint(last_error)")


def life_cycle(table: str, done_at: str, due: TextClause | str) -> list[SchemaItem]:
    """What all queues have: columns and indexes."""
    return [
        required("status", Text, "'pending'"),
        Column("locked_by", Uuid),
        Column("locked_until", MOMENT),
        Column("run_id", Uuid),
        Column("finished_at", MOMENT),
        required("held", Boolean, "false"),
        Column("waits_for", Text),
        Column("last_error", Text),
        required("possible_duplicate", Boolean, "false"),
        Column("provider_message_id", Text),
        Column("idempotency_key", Text),
        required("history", JSONB, "'[]'"),
        Column("requeued_at", MOMENT),
        moment("created_at"),
        moment("updated_at"),
        Column(done_at, MOMENT),
        Index(f"{table}_dead", "finished_at", postgresql_where=text(f"finished_at IS NOT NULL AND {done_at} IS NULL")),
        Index(f"{table}_done", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        Index(f"{table}_due", due, "id", postgresql_where=text("finished_at IS NULL AND NOT held")),
        Index(
            f"{table}_failing",
            PRINT,
            "id",
            postgresql_where=text("finished_at IS NULL AND last_error IS NOT NULL"),
        ),
        Index(
            f"{table}_undone",
            PRINT,
            "finished_at",
            postgresql_where=text(f"finished_at IS NOT NULL AND {done_at} IS NULL"),
        ),
        Index(f"{table}_key", "idempotency_key", unique=True, postgresql_where=text("idempotency_key IS NOT NULL")),
    ]


Table(
    "queues",
    METADATA,
    Column("name", Text, primary_key=True),
    required("retry_delays", ARRAY(INTERVAL)),
    Column("paused_at", MOMENT),
    Column("paused_by", Text),
    required("failures", Integer, "0"),
    Column("opened_at", MOMENT),
    Column("probe_at", MOMENT),
    required("probe_wait", INTERVAL, "'00:00:02'::interval"),
    Column("last_success_at", MOMENT),
    Column("last_error", Text),
    required("hot_lanes", ARRAY(BigInteger), "'{}'::bigint[]"),
    Column("hot_from", MOMENT),
    Column("hot_until", MOMENT),
    required("openings", BigInteger, "0"),
)

Table(
    "pending_responses",
    METADATA,
    identifier(),
    of_user(),
    required("telegram_chat_id", BigInteger),
    required("response_text", Text),
    required("scheduled_at", MOMENT, "now()"),
    Column("next_attempt_at", MOMENT),
    required("retry_count", SmallInteger, "0"),
    required("parts_sent", SmallInteger, "0"),
    Index(
        "pending_responses_lane",
        "telegram_chat_id",
        "scheduled_at",
        "id",
        postgresql_with={"deduplicate_items": "off"},
        postgresql_where=text("status = ANY (ARRAY['pending'::text, 'processing'::text])"),
    ),
    Index("pending_responses_user", "user_id"),
    Index(
        "pending_responses_held",
        "telegram_chat_id",
        postgresql_with={"deduplicate_items": "off"},
        postgresql_where=text("held"),
    ),
    Index(
        "pending_responses_one_in_flight",
        "telegram_chat_id",
        unique=True,
        postgresql_where=text("status = 'processing'::text"),
    ),
    *life_cycle("pending_responses", "delivered_at", text("COALESCE(next_attempt_at, scheduled_at)")),
)

Table(
    "email_queue",
    METADATA,
    identifier(),
    required("to_email", Text),
    required("subject", Text),
    Column("html", Text),
    Column("text", Text),
    Column("from_email", Text),
    Column("reply_to", Text),
    required("headers", JSONB, "'{}'"),
    required("email_type", Text, "'transactional'"),
    required("metadata", JSONB, "'{}'"),
    required("attempts", SmallInteger, "0"),
    required("max_attempts", SmallInteger, "5"),
    Column("next_retry_at", MOMENT),
    Index("email_queue_recipient", text("lower(to_email)"), "id"),
    *life_cycle("email_queue", "sent_at", text("COALESCE(next_retry_at, created_at)")),
)

Table(
    "webhook_retry_queue",
    METADATA,
    identifier(),
    required("webhook_type", Text),
    required("webhook_event_id", Text),
    required("payload", JSONB),
    required("headers", JSONB, "'{}'"),
    required("metadata", JSONB, "'{}'"),
    required("attempts", SmallInteger, "0"),
    required("max_attempts", SmallInteger, "5"),
    required("next_retry_at", MOMENT, "now()"),
    Index(
        "webhook_retry_queue_event",
        "webhook_event_id",
        "webhook_type",
        unique=True,
        postgresql_with={"deduplicate_items": "off"},
    ),
    *life_cycle("webhook_retry_queue", "processed_at", "next_retry_at"),
)

Table(
    "alert_queue",
    METADATA,
    identifier(),
    required("kind", Text),
    required("cause", Text),
    required("summary", Text),
    required("advice", Text, "''"),
    required("page", Text, "''"),
    moment("since"),
    required("target", Text),
    required("attempts", SmallInteger, "0"),
    required("max_attempts", SmallInteger, "6"),
    Column("next_retry_at", MOMENT),
    *life_cycle("alert_queue", "sent_at", text("COALESCE(next_retry_at, created_at)")),
)

Table(
    "push_queue",
    METADATA,
    identifier(),
    of_user(),
    Column("device_id", Uuid, ForeignKey("user_devices.id", ondelete="CASCADE"), nullable=False),
    required("title", Text),
    required("body", Text),
    required("data", JSONB, "'{}'"),
    required("attempts", SmallInteger, "0"),
    required("max_attempts", SmallInteger, "5"),
    Column("next_retry_at", MOMENT),
    Index("push_queue_device", "device_id"),
    Index("push_queue_user", "user_id"),
    *life_cycle("push_queue", "sent_at", text("COALESCE(next_retry_at, created_at)")),
)

Table(
    "requeue_waves",
    METADATA,
    identifier(),
    Column("queue", Text, ForeignKey("queues.name"), nullable=False),
    required("actor", Text),
    required("filter", JSONB, "'{}'"),
    required("ids", ARRAY(Uuid)),
    required("released", Integer, "0"),
    required("status", Text, "'running'"),
    Column("reason", Text),
    moment("created_at"),
    Column("finished_at", MOMENT),
    Index("requeue_waves_latest", "queue", "id"),
    Index("requeue_waves_running", "queue", unique=True, postgresql_where=text("status = 'running'::text")),
)

Table(
    "email_suppressions",
    METADATA,
    Column("address", Text, primary_key=True),
    required("reason", Text),
    required("source", Text),
    Column("provider_message_id", Text),
    required("detail", JSONB, "'{}'"),
    moment("created_at"),
    Column("id", Uuid, nullable=False, unique=True, server_default=text("nightshift.uuid7()")),
)
