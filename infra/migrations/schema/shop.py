"""Partners, and what they buy and give each other."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table, Text, Uuid, text

from infra.migrations.schema.columns import METADATA, MOMENT, identifier, moment, required


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
