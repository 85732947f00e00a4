"""What is known of players and told to them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB, TSVECTOR

from infra.migrations.schema.columns import METADATA, MOMENT, SCORE, Vector, identifier, moment, of_user, required

Table(
    "users",
    METADATA,
    identifier(),
    Column("telegram_id", BigInteger),
    Column("email", Text),
    Column("phone", Text),
    Column("display_name", Text),
    Column("username", Text),
    required("relationship_score", SCORE, "50"),
    required("chapter", SmallInteger, "1"),
    required("boss_attempts", SmallInteger, "0"),
    required("days_played", Integer, "0"),
    Column("last_interaction_at", MOMENT),
    required("game_status", Text, "'active'"),
    required("timezone", Text, "'UTC'"),
    required("notifications_enabled", Boolean, "true"),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("telegram_id", name="users_telegram_id_key"),
    Index("users_email", text("lower(email)"), postgresql_where=text("email IS NOT NULL")),
    Index("users_game_status", "game_status"),
    Index(
        "users_recaps",
        "timezone",
        "id",
        postgresql_include=["created_at"],
        postgresql_where=text("game_status = ANY (ARRAY['active'::text, 'boss_fight'::text])"),
    ),
)

Table(
    "user_roles",
    METADATA,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    moment("granted_at"),
)

Table(
    "user_metrics",
    METADATA,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    required("intimacy", SCORE, "50"),
    required("passion", SCORE, "50"),
    required("trust", SCORE, "50"),
    required("secureness", SCORE, "50"),
    moment("created_at"),
    moment("updated_at"),
)

Table(
    "user_vice_preferences",
    METADATA,
    identifier(),
    of_user(),
    required("category", Text),
    required("intensity_level", SmallInteger, "1"),
    required("engagement_score", SCORE, "0"),
    moment("discovered_at"),
    moment("updated_at"),
    UniqueConstraint("user_id", "category", name="user_vice_preferences_user_id_category_key"),
)

Table(
    "conversations",
    METADATA,
    identifier(),
    of_user(),
    required("platform", Text),
    required("messages", JSONB, "'[]'"),
    Column("score_delta", SCORE),
    moment("started_at"),
    Column("ended_at", MOMENT),
    required("is_boss_fight", Boolean, "false"),
    Column("chapter_at_time", SmallInteger),
    Column("search_vector", TSVECTOR, Computed("nightshift.search_words(messages)", persisted=True)),
    Index("conversations_user_started", "user_id", text("started_at DESC")),
    Index("conversations_words", "search_vector", postgresql_using="gin"),
)

Table(
    "message_embeddings",
    METADATA,
    identifier(),
    of_user(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    required("message_text", Text),
    required("role", Text),
    required("embedding", Vector(1536)),
    moment("created_at"),
    Index("message_embeddings_conversation", "conversation_id"),
    Index("message_embeddings_user", "user_id"),
)

Table(
    "chapter_rules",
    METADATA,
    Column("chapter", SmallInteger, primary_key=True),
    required("grace", INTERVAL),
    required("decay", SCORE),
)

Table(
    "score_history",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    of_user(),
    required("score", SCORE),
    required("chapter", SmallInteger),
    required("event_type", Text),
    required("event_details", JSONB, "'{}'"),
    required("recorded_at", MOMENT, "clock_timestamp()"),
    Column("decay_date", Date),
    Index(
        "score_history_decay",
        "decay_date",
        "user_id",
        unique=True,
        postgresql_where=text("decay_date IS NOT NULL"),
    ),
    Index("score_history_time", "user_id", text("recorded_at DESC")),
    Index("score_history_user", "user_id", text("id DESC")),
)

Table(
    "daily_summaries",
    METADATA,
    identifier(),
    of_user(),
    required("summary_date", Date),
    required("score_start", SCORE),
    required("score_end", SCORE),
    required("decay_applied", SCORE, "0"),
    required("conversations_count", Integer, "0"),
    required("recap", Text),
    required("key_events", JSONB, "'[]'"),
    required("written_by", Text),
    Column("model", Text),
    Column("batch_id", Text),
    required("input_tokens", Integer, "0"),
    required("output_tokens", Integer, "0"),
    required("cost_usd", Numeric(12, 6), "0"),
    moment("created_at"),
    required("cache_creation_input_tokens", Integer, "0"),
    required("cache_read_input_tokens", Integer, "0"),
    UniqueConstraint("user_id", "summary_date", name="daily_summaries_user_id_summary_date_key"),
    Index(
        "daily_summaries_spent",
        "created_at",
        postgresql_where=text("written_by = 'claude'::text"),
        postgresql_include=["cost_usd"],
    ),
)

Table(
    "pending_registrations",
    METADATA,
    Column("telegram_id", BigInteger, primary_key=True),
    required("email", String(255)),
    required("expires_at", MOMENT, "(now() + '00:10:00'::interval)"),
    moment("created_at"),
    Index("pending_registrations_expiry", "expires_at"),
)
