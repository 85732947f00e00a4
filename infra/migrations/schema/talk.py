"""What partners write to each other, and the devices that notices are pushed to."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, of_user, required

Table(
    "direct_conversations",
    METADATA,
    identifier(),
    Column("low_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("high_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    required("messages", Integer, "0"),
    moment("last_at"),
    moment("created_at"),
    UniqueConstraint("low_id", "high_id", name="direct_conversations_low_id_high_id_key"),
    Index("direct_conversations_high", "high_id"),
    Index(
        "direct_conversations_left",
        "created_at",
        postgresql_where=text("low_id IS NULL AND high_id IS NULL"),
    ),
)

Table(
    "conversation_members",
    METADATA,
    Column("conversation_id", Uuid, ForeignKey("direct_conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    required("sent", Integer, "0"),
    required("seen", Integer, "0"),
    Index("conversation_members_user", "user_id"),
)

Table(
    "direct_messages",
    METADATA,
    Column("conversation_id", Uuid, ForeignKey("direct_conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sender_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    required("nth", Integer),
    required("client_id", Uuid),
    required("content", Text),
    required("created_at", MOMENT),
    UniqueConstraint(
        "sender_id", "conversation_id", "client_id", name="direct_messages_sender_id_conversation_id_client_id_key"
    ),
)

Table(
    "user_devices",
    METADATA,
    identifier(),
    of_user(),
    required("platform", Text),
    required("address_kind", Text),
    required("push_token", Text),
    required("status", Text, "'active'"),
    moment("status_since"),
    Column("app_version", Text),
    moment("last_seen_at"),
    Column("last_successful_send_at", MOMENT),
    moment("created_at"),
    UniqueConstraint("push_token", name="user_devices_push_token_key"),
    Index("user_devices_user", "user_id", "platform"),
    Index(
        "user_devices_signs",
        text("GREATEST(last_seen_at, last_successful_send_at)"),
        postgresql_where=text("status = 'active'::text"),
    ),
    Index("user_devices_inactive", "status_since", postgresql_where=text("status = 'inactive'::text")),
    Index("user_devices_invalid", "status_since", postgresql_where=text("status = 'invalid'::text")),
)

Table(
    "push_receipts",
    METADATA,
    Column("ticket", Text, primary_key=True),
    Column("device_id", Uuid, ForeignKey("user_devices.id", ondelete="CASCADE"), nullable=False),
    moment("sent_at"),
    required("look_at", MOMENT, "(now() + '00:15:00'::interval)"),
    Index("push_receipts_device", "device_id"),
    Index("push_receipts_look", "look_at"),
)
