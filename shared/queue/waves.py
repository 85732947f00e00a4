"""Requeues of many dead letters, which go 1, then 10, then all, and stop by themselves on the first failed attempt.

Nothing has to stay alive for it. A wave is a row of `requeue_waves`; the database decides the next step whenever
somebody advances it, which looking at it does too: a console that shows the progress, `nightshift queue requeue`, a
person with curl. Advancing is safe at any time and as often as one likes: under the row's lock it does the next step
only once everything released before has gone out. A wave that nobody looks at stays where it is.
"""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from shared import sql
from shared.db import Row, Session
from shared.errors import ConflictError, NotFoundError

SQL = sql.beside(__file__, "letters.sql")


class Waves:
    """The requeues of one queue."""

    def __init__(self, db: Session, queue: str) -> None:
        self.db, self.queue = db, queue

    async def begin(self, ids: list[UUID], actor: str, which: dict[str, Any]) -> Row:
        """Requeue the first of these letters; the rest follows step by step.

        Raises:
            ConflictError: another requeue of this queue is under way; `wave` names it.
        """
        try:
            begun = await self.db.row(SQL.begin_wave, queue=self.queue, ids=ids, actor=actor, filter=Jsonb(which))
        except psycopg.errors.UniqueViolation:
            raise await self._busy() from None
        return await self.look((begun or {})["id"])

    async def advance(self, identifier: UUID) -> Row:
        """Do the next step if it is time; how it stands then.

        Raises:
            NotFoundError: there is no such wave.
        """
        await self.db.rows(SQL.advance_wave, queue=self.queue, id=identifier, repeatable=True)
        return await self.look(identifier)

    async def stop(self, identifier: UUID, actor: str) -> Row:
        """End it; letters that nobody has tried to send yet go back. Safe to repeat.

        Raises:
            NotFoundError: there is no such wave.
        """
        reason = f"stopped by {actor}"
        await self.db.rows(SQL.stop_wave, queue=self.queue, id=identifier, actor=actor, reason=reason, repeatable=True)
        return await self.look(identifier)

    async def look(self, identifier: UUID) -> Row:
        row = await self.db.row(SQL.wave, queue=self.queue, id=identifier, repeatable=True)
        if row is None:
            raise NotFoundError(f"There is no requeue {identifier} of {self.queue}.")
        return row

    async def latest(self, limit: int, before: UUID | None) -> list[Row]:
        """Requeues older than `before`, newest first. This does not advance them."""
        return await self.db.rows(SQL.waves, queue=self.queue, limit=limit, before=before, repeatable=True)

    async def running(self) -> UUID | None:
        """The one that is under way in this queue."""
        row = await self.db.row(SQL.running_wave, queue=self.queue, repeatable=True)
        return row["id"] if row else None

    async def _busy(self) -> ConflictError:
        sentence = "Another requeue of this queue is under way. Let it end, or stop it."
        return ConflictError(sentence, wave=str(await self.running()))
