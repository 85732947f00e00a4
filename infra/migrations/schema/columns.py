"""Types and columns that many tables share."""

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, Numeric, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import UserDefinedType

METADATA = MetaData()
MOMENT = TIMESTAMP(timezone=True)
SCORE = Numeric(5, 2)  # 0 to 100


class Vector(UserDefinedType[list[float]]):
    """The extension's type; an array of `real` on a server without it."""

    cache_ok = True

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        return f"extensions.vector({self.dimensions})"


class Watermark(UserDefinedType[Any]):
    """Which event an object's state is of."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "nightshift.watermark"


PGDialect.ischema_names |= {"extensions.vector": Vector, "nightshift.watermark": Watermark}


def identifier() -> Column[Any]:
    return Column("id", Uuid, primary_key=True, server_default=text("nightshift.uuid7()"))


def of_user() -> Column[Any]:
    """A row that goes with its user."""
    return Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


def moment(name: str) -> Column[Any]:
    """When something happened: now, where nothing else is said."""
    return required(name, MOMENT, "now()")


def required(name: str, type_: Any, default: str | None = None) -> Column[Any]:
    """A column that is never null; `default` is SQL."""
    return Column(name, type_, nullable=False, server_default=None if default is None else text(default))
