"""What of a database counts when it is compared with the description of its tables."""

from typing import Any, Literal

from sqlalchemy import ARRAY

from infra.migrations.schema.columns import Vector

PLUGINS = ("alembic.autogenerate.*", "~alembic.autogenerate.comments")  # comments stand in the migrations alone
OPTIONAL = {"conversations_trigrams", "message_embeddings_nearest"}  # indexes that want an extension


def include_name(name: str | None, kind: str, _: Any) -> bool:
    """Whether what was found in the database is ours to compare."""
    return not (kind == "index" and name in OPTIONAL)


def compare_type(_context: Any, _column: Any, _described: Any, found: Any, described: Any) -> bool | None:
    """Whether a type changed; None leaves it to Alembic."""
    return False if isinstance(described, Vector) and isinstance(found, Vector | ARRAY) else None


def render_item(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """How a draft names types of our own; False leaves it to Alembic."""
    if kind != "type" or type(item).__module__ != Vector.__module__:
        return False
    context.imports.add(f"from {Vector.__module__} import {type(item).__name__}")
    return f"{type(item).__name__}({getattr(item, 'dimensions', '')})"
