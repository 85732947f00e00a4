"""Who are partners: kept in Redis, also where there is nobody, and read from PostgreSQL where it is not.

`shared.cache` says how old a list can be. What must not act on an old one, such as a gift, asks in its own transaction.
"""

from contextlib import AbstractAsyncContextManager
from uuid import UUID

from shared import sql
from shared.cache import NoCache
from shared.db import Database

KEPT = 300.0  # seconds that a list is kept (spec, section 9)
WIDTH = 16  # bytes of an id
SQL = sql.beside(__file__, "partners.sql")


class Partners:
    def __init__(self, db: Database, cache: NoCache) -> None:
        self.db, self.cache = db, cache

    async def accepted(self, user: UUID) -> frozenset[UUID]:
        """The ids of everybody who is this user's partner."""
        return frozenset(UUID(bytes=each) for each in await self._ids(user))

    async def are_partners(self, one: UUID, other: UUID) -> bool:
        """Whether one of two users asked and the other accepted."""
        return other.bytes in await self._ids(one)

    def changing(self, *users: UUID) -> AbstractAsyncContextManager[None]:
        """Around a whole transaction that makes or ends a partnership: afterwards nobody's list is an old one."""
        return self.cache.changing(*map(key, users))

    async def _ids(self, user: UUID) -> set[bytes]:
        packed = await self.cache.read(key(user), KEPT, lambda: self._asked(user))
        return {packed[at : at + WIDTH] for at in range(0, len(packed), WIDTH)}

    async def _asked(self, user: UUID) -> bytes:
        rows = await self.db.tuples(SQL.accepted, user=user, repeatable=True)
        return b"".join(partner.bytes for (partner,) in rows)


def key(user: UUID) -> str:
    return f"nightshift:partners:{user}:accepted"
