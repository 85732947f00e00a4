"""What operators have done, for people."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared import sql
from shared.db import Row, Session

SQL = sql.beside(__file__, "audit.sql")


class Which(BaseModel):
    """Which acts are meant; each as the record has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor: str | None = Field(None, max_length=200, pattern=r"^[^\x00]*$")
    action: str | None = Field(None, max_length=64, pattern=r"^[^\x00]*$")
    subject: str | None = Field(None, max_length=200, pattern=r"^[^\x00]*$")


async def acts(db: Session, which: Which, limit: int, before: UUID | None) -> list[Row]:
    """Acts older than `before`, newest first."""
    among = {name: getattr(which, name) for name in Which.model_fields}
    return await db.rows(SQL.page, limit=limit, before=before, repeatable=True, **among)
