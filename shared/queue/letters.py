"""Dead letters: what killed them, what a requeue would do, and the acts themselves, one row or many."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from shared import sql
from shared.db import Row, Session
from shared.errors import ConflictError
from shared.queue.rows import CAP, Rows
from shared.settings import duration

SQL = sql.beside(__file__, "letters.sql")
DEAD, DISCARDED = ("failed", "dead_letter"), ("discarded",)
EXAMPLES = 10  # of chosen letters that come with their error
ERRORS = 100  # different errors that are told apart at once


def moment(value: Any) -> Any:
    """Read `24h` or `30d` as that long ago; anything else is for the field's own type.

    Raises:
        ValueError: that long ago there was no calendar.
    """
    try:
        read = duration(value)
        return datetime.now(UTC) - read if isinstance(read, timedelta) else value
    except OverflowError:
        raise ValueError("further back than dates go") from None


SPELLED = {"type": "string", "examples": ["2026-01-02T03:04:05Z", "24h"]}
Moment = Annotated[AwareDatetime, BeforeValidator(moment), WithJsonSchema(SPELLED)]


Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class Filter(BaseModel):
    """Which dead letters are meant. A field that is not known is refused: it might have been meant to narrow it.

    Attributes:
        ids: these rows and no others.
        error, fingerprint: as the groups of dead letters show them.
        older_than, newer_than: dead since before or after that time (or that long ago: `24h`).
        limit: how many at most, the oldest first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: list[UUID] | None = Field(None, min_length=1, max_length=CAP)
    fingerprint: Fingerprint | None = None
    error: str | None = Field(None, max_length=4096, pattern=r"^[^\x00]*$")
    older_than: Moment | None = None
    newer_than: Moment | None = None
    limit: int = Field(CAP, ge=1, le=CAP)

    def document(self) -> dict[str, Any]:
        """The filter as the audit log keeps it."""
        return self.model_dump(mode="json", exclude_none=True, include=set(Filter.model_fields) - {"ids"})


class Letters:
    """The dead letters of one queue."""

    def __init__(self, db: Session, queue: str) -> None:
        self.db, self.queue = db, queue

    async def groups(self, cap: int = CAP) -> list[Row]:
        """What ails the rows, by error: dead letters and rows still tried, counted up to `cap`, and an example's id."""
        return await self.db.rows(SQL.groups, queue=self.queue, cap=cap, most=ERRORS, repeatable=True)

    async def chosen(self, which: Filter, statuses: Sequence[str] = DEAD) -> list[Row]:
        """The letters that a filter means, oldest first."""
        return await self.db.rows(
            SQL.chosen,
            queue=self.queue,
            statuses=list(statuses),
            ids=which.ids,
            error=which.error,
            fingerprint=which.fingerprint,
            before=which.older_than,
            after=which.newer_than,
            limit=which.limit,
            examples=EXAMPLES,
            repeatable=True,
        )

    async def requeue(self, identifier: UUID, actor: str) -> None:
        """Bring one row back, attempts afresh, history kept.

        Raises:
            NotFoundError: there is no such row.
            ConflictError: it is neither dead nor discarded; says what it is.
        """
        await self._act(SQL.requeue, identifier, actor, "requeued")

    async def discard(self, identifier: UUID, actor: str) -> None:
        """Give one row up for good: a dead letter, or a pending row.

        Raises:
            NotFoundError: there is no such row.
            ConflictError: it is neither dead nor pending; says what it is.
        """
        await self._act(SQL.discard, identifier, actor, "discarded")

    async def restore(self, identifier: UUID, actor: str) -> None:
        """Undo a discard, while the row is kept: what was dead is dead again, what was pending is pending again.

        Raises:
            NotFoundError: there is no such row (any more).
            ConflictError: it is not discarded; says what it is.
        """
        await self._act(SQL.restore, identifier, actor, "restored")

    async def requeue_all(self, ids: list[UUID], actor: str) -> list[UUID]:
        """Bring back those of these rows that are dead or discarded, all at once; which ones."""
        return await self._all(SQL.requeue, ids, actor)

    async def discard_all(self, ids: list[UUID], actor: str) -> list[UUID]:
        """Give up those of these rows that are dead letters or pending; which ones."""
        return await self._all(SQL.discard, ids, actor)

    async def restore_all(self, ids: list[UUID], actor: str) -> list[UUID]:
        """Undo the discards of these rows; which ones."""
        return await self._all(SQL.restore, ids, actor)

    async def _all(self, statement: bytes, ids: list[UUID], actor: str) -> list[UUID]:
        return [row["id"] for row in await self.db.rows(statement, queue=self.queue, ids=ids, actor=actor)]

    async def _act(self, statement: bytes, identifier: UUID, actor: str, what: str) -> None:
        if await self._all(statement, [identifier], actor):
            return
        row = await Rows(self.db).one(self.queue, identifier, reveal=False)
        raise ConflictError(f"It cannot be {what} as it is: {row['why']}.", row_status=row["status"])
