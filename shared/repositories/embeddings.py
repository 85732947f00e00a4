"""Messages as points, found again by what they mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared import sql
from shared.errors import UnprocessableError
from shared.repositories.base import Repository, bounded, made

SQL = sql.beside(__file__, "embeddings.sql")
DIMENSIONS = 1536


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A message that has its point."""

    id: UUID
    user_id: UUID
    conversation_id: UUID
    role: str
    message_text: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A message and its cosine distance: 0 is the same direction, 1 a right angle, 2 the opposite."""

    id: UUID
    conversation_id: UUID
    role: str
    message_text: str = field(repr=False)
    distance: float


class EmbeddingRepository(Repository[Embedded]):
    noun, statements, record = "embedding", SQL, Embedded

    async def add(
        self, user_id: UUID, conversation_id: UUID, role: str, message_text: str, embedding: Sequence[float]
    ) -> Embedded:
        """A message of one of the user's own conversations, at a point of 1536 finite numbers.

        Raises:
            NotFoundError: this user has no such conversation.
            UnprocessableError: the point has another size, or a value is outside the rules.
        """
        return self._found(
            await self._one(
                SQL.create,
                user_id=user_id,
                conversation_id=conversation_id,
                role=role,
                message_text=message_text,
                embedding=point(embedding),
            )
        )

    async def nearest(self, user_id: UUID, embedding: Sequence[float], limit: int = 5) -> list[Neighbour]:
        """The user's own messages that are nearest to a point, the nearest first.

        Raises:
            UnprocessableError: the point has another size.
        """
        rows = await self._rows(
            SQL.nearest, repeatable=True, user_id=user_id, embedding=point(embedding), limit=bounded(limit)
        )
        return [made(Neighbour, row) for row in rows]


def point(embedding: Sequence[float]) -> str:
    """A point as the database reads it. As one text it costs a fraction of what a list of numbers does.

    Raises:
        UnprocessableError: it has not 1536 finite numbers.
    """
    if len(embedding) != DIMENSIONS or not all(map(math.isfinite, embedding)):
        raise UnprocessableError(f"An embedding has {DIMENSIONS} finite numbers.")
    return "{" + ",".join(map(repr, embedding)) + "}"
