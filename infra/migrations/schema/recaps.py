"""Recaps that are still to be written, what they cost, and the message batches that are under way."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from infra.migrations.schema.columns import METADATA, MOMENT, moment, required

DOLLARS = Numeric(16, 8)

Table(
    "recap_batches",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("batch_id", Text, unique=True),
    moment("made_at"),
    Column("created_at", MOMENT),
    required("next_look_at", MOMENT),
    required("failures", Integer, "0"),
    Column("last_error", Text),
    Column("locked_by", Uuid),
    Column("locked_until", MOMENT),
    Column("finished_at", MOMENT),
    Index(
        "recap_batches_look",
        text("COALESCE(locked_until, next_look_at)"),
        postgresql_where=text("finished_at IS NULL"),
    ),
)

Table(
    "recap_work",
    METADATA,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("summary_date", Date, primary_key=True),
    moment("created_at"),
    moment("next_at"),
    Column("locked_by", Uuid),
    Column("locked_until", MOMENT),
    Column("batch", Uuid, ForeignKey("recap_batches.id")),
    Column("place", Integer),
    required("attempts", SmallInteger, "0"),
    required("doubts", SmallInteger, "0"),
    required("reserved_usd", DOLLARS, "0"),
    Column("reserved_on", Date),
    Column("last_error", Text),
    Index("recap_work_due", text("COALESCE(locked_until, next_at)"), "user_id", postgresql_where=text("batch IS NULL")),
    Index("recap_work_old", "created_at", postgresql_where=text("batch IS NULL")),
    Index("recap_work_place", "batch", "place", unique=True, postgresql_where=text("batch IS NOT NULL")),
)

Table(
    "recap_spend",
    METADATA,
    Column("day", Date, primary_key=True),
    required("cost_usd", DOLLARS, "0"),
    required("reserved_usd", DOLLARS, "0"),
    required("calls", Integer, "0"),
    required("input_tokens", BigInteger, "0"),
    required("output_tokens", BigInteger, "0"),
    required("cache_creation_input_tokens", BigInteger, "0"),
    required("cache_read_input_tokens", BigInteger, "0"),
)

Table(
    "recap_channel",
    METADATA,
    Column("one", Boolean, primary_key=True, server_default=text("true")),
    Column("held_until", MOMENT),
    Column("why", Text),
    required("failures", Integer, "0"),
    Column("planned_at", MOMENT),
)
