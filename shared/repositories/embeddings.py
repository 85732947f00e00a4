"""Messages as points, found again by what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, repeat
from struct import Struct
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from shared import sql
from shared.errors import UnprocessableError
from shared.repositories.base import Repository, bounded, made

SQL = sql.beside(__file__, "embeddings.sql")
DIMENSIONS = 1536
REAL, REAL_BYTES = psycopg.adapters.types["float4"].oid, 4
REAL_MAX = 3.4028234663852886e38  # what it can hold (IEEE 754 binary32)
ARRAY = Struct("!5i" + "if" * DIMENSIONS)  # dimensions, whether one is null, type, numbers, the first one's index


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


class Point(bytes):
    """Numbers as PostgreSQL sends a `real[]`: written as text they would cost more than their statement does."""


class PointDumper(Dumper):
    format = Format.BINARY
    oid = psycopg.adapters.types["float4"].array_oid

    def dump(self, obj: Point) -> Point:
        return obj


psycopg.adapters.register_dumper(Point, PointDumper)


def point(embedding: Sequence[float]) -> Point:
    """A point as the database reads it: an array's header, and before each number its length (array_recv).

    Raises:
        UnprocessableError: it has not 1536 finite numbers, each of which a `real` can hold.
    """
    if len(embedding) != DIMENSIONS or not all(abs(number) <= REAL_MAX for number in embedding):
        raise UnprocessableError(f"An embedding has {DIMENSIONS} finite numbers of single precision.")
    numbers = chain.from_iterable(zip(repeat(REAL_BYTES), embedding))
    return Point(ARRAY.pack(1, 0, REAL, DIMENSIONS, 1, *numbers))
