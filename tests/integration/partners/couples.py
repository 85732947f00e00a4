"""Partnerships as rows."""

from uuid import UUID

from tests import nightshift
from tests.nightshift import Connection


async def couple(conn: Connection) -> tuple[UUID, UUID]:
    """Two users who are partners."""
    one, other = await nightshift.user(conn), await nightshift.user(conn)
    await pair(conn, one, other)
    return one, other


async def pair(conn: Connection, one: UUID, other: UUID, status: str = "accepted") -> UUID:
    """What is between two users; its id."""
    cursor = await conn.execute(
        "insert into partnerships (requester_id, addressee_id, status) values (%s, %s, %s) returning id",
        [one, other, status],
    )
    return UUID(str((await cursor.fetchone() or {})["id"]))
