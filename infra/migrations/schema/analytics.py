"""What analytics are made of. Their roll-ups and views are the migration's alone: in schemas that nobody drafts for."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, of_user, required

Table(
    "tracks",
    METADATA,
    identifier(),
    required("title", Text),
    required("schedule_type", Text, "'daily'"),
    moment("created_at"),
)

Table(
    "user_study_log",
    METADATA,
    identifier(),
    of_user(),
    Column("track_id", Uuid, ForeignKey("tracks.id", ondelete="CASCADE"), nullable=False),
    required("study_date", Date),
    required("is_completed", Boolean, "false"),
    Column("completed_at", MOMENT),
    UniqueConstraint("user_id", "study_date", "track_id"),
    Index("user_study_log_track", "track_id"),
)

Table(
    "learning_path",
    METADATA,
    identifier(),
    of_user(),
    required("node_index", Integer),
    required("node_type", Text),
    required("unlock_date", Date),
    Column("completed_at", MOMENT),
    UniqueConstraint("user_id", "node_index"),
)

Table(
    "session_analytics_events",
    METADATA,
    identifier(),
    of_user(),
    required("session_id", Text),
    required("event_type", Text),
    required("metadata", JSONB, "'{}'"),
    Column("created_at", MOMENT, primary_key=True, server_default=text("now()")),
    Column("client_event_id", Text),
    Index("session_analytics_events_created", "created_at"),
    Index("session_analytics_events_user", "user_id", "created_at"),
)
