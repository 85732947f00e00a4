"""Runs of tasks, for people: listed, one by one, the last ones of each task."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared import sql
from shared.db import Row, Session
from shared.errors import NotFoundError

SQL = sql.beside(__file__, "runs.sql")
Status = Literal["running", "success", "failed", "skipped"]


class Which(BaseModel):
    """Which runs are meant.

    Attributes:
        since, until: when they started; the second is not of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: str | None = Field(None, pattern=r"^[a-z0-9_-]{1,64}$")
    status: Status | None = None
    trigger: str | None = Field(None, pattern=r"^[a-z-]{1,32}$")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Runs:
    """Reads of `job_history`."""

    def __init__(self, db: Session) -> None:
        self.db = db

    async def page(self, which: Which, limit: int, before: tuple[datetime, UUID] | None) -> list[Row]:
        """Runs that started before that one, newest first."""
        at, identifier = before or (None, None)
        among = {name: getattr(which, name) for name in Which.model_fields}
        return await self.db.rows(SQL.page, before_at=at, before_id=identifier, limit=limit, repeatable=True, **among)

    async def one(self, identifier: UUID) -> Row:
        """One run.

        Raises:
            NotFoundError: there is none of that id.
        """
        row = await self.db.row(SQL.one, id=identifier, repeatable=True)
        if row is None:
            raise NotFoundError("There is no run of that id. A run that is about to begin has no row yet: ask again.")
        return row

    async def latest(self, jobs: list[str], limit: int) -> dict[str, list[Row]]:
        """The last runs of each job, newest first."""
        rows = await self.db.rows(SQL.latest, jobs=jobs, limit=limit, repeatable=True)
        return {job: [row for row in rows if row["job"] == job] for job in jobs}
