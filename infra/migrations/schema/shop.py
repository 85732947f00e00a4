"""Partners, and what they buy and give each other."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, of_user, required


def of_one_of_them(name: str) -> Column[Any]:
    """One of the two users that a row goes with."""
    return Column(name, Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


Table(
    "partnerships",
    METADATA,
    identifier(),
    of_one_of_them("requester_id"),
    of_one_of_them("addressee_id"),
    required("status", Text, "'pending'"),
    moment("created_at"),
    Column("responded_at", MOMENT),
    Index(
        "partnerships_pair",
        text("LEAST(requester_id, addressee_id)"),
        text("GREATEST(requester_id, addressee_id)"),
        unique=True,
    ),
    Index("partnerships_requester", "requester_id", "status", text("created_at DESC"), text("id DESC")),
    Index("partnerships_addressee", "addressee_id", "status", text("created_at DESC"), text("id DESC")),
)

Table(
    "items",
    METADATA,
    identifier(),
    required("name", Text),
    Column("description", Text),
    required("category", Text, "'furniture'"),
    required("rarity", Text, "'common'"),
    Column("image_url", Text),
    required("essence_cost", Integer),
    required("tier", Text, "'basic'"),
    required("is_available", Boolean, "true"),
    required("is_purchasable", Boolean, "true"),
    moment("created_at"),
    moment("updated_at"),
    Index("items_for_sale", text("id DESC"), postgresql_where=text("is_available AND is_purchasable")),
)

Table(
    "user_items",
    METADATA,
    identifier(),
    of_user(),
    Column("item_id", Uuid, ForeignKey("items.id"), nullable=False),
    moment("acquired_at"),
    required("acquisition_type", Text, "'earned'"),
    Column("gifted_by", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    Column("gift_message", Text),
    required("gift_seen", Boolean, "false"),
    Index("user_items_user", "user_id", text("acquired_at DESC"), text("id DESC")),
    Index("user_items_unseen", "user_id", postgresql_where=text("acquisition_type = 'gift'::text AND NOT gift_seen")),
    Index("user_items_item", "item_id"),
    Index("user_items_giver", "gifted_by", postgresql_where=text("gifted_by IS NOT NULL")),
)
