"""Players who have been away for so long when a date begins, and what its decay does to them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from tests.nightshift import Connection

DAY = date(2026, 3, 10)


class Counts(NamedTuple):
    """What a call answers."""

    looked_at: int
    decayed: int
    game_over: int


def before(hours: float, day: date = DAY) -> datetime:
    """So many hours before a date begins."""
    return datetime.combine(day, time(), UTC) - timedelta(hours=hours)


async def player(conn: Connection, *, away: float | None = 100, **columns: Any) -> UUID:
    """A player who was last seen so many hours before DAY, or never."""
    values = {"last_interaction_at": None if away is None else before(away), "created_at": before(1000)} | columns
    statement = f"insert into users ({', '.join(values)}) values ({', '.join(['%s'] * len(values))}) returning id"  # noqa: S608
    cursor = await conn.execute(statement.encode(), list(values.values()))
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def decay(conn: Connection, day: date | None = DAY) -> Counts:
    cursor = await conn.execute("select * from apply_daily_decay(%s)", [day])
    return Counts(**(await cursor.fetchone() or {}))


async def state(conn: Connection, player: UUID) -> tuple[float, str]:
    """The score and the status."""
    cursor = await conn.execute("select relationship_score, game_status from users where id = %s", [player])
    row = await cursor.fetchone() or {}
    return float(row["relationship_score"]), row["game_status"]


async def score(conn: Connection, player: UUID) -> float:
    return (await state(conn, player))[0]


async def history(conn: Connection, player: UUID) -> list[dict[str, Any]]:
    """Oldest first."""
    cursor = await conn.execute(
        "select score::float, chapter, event_type, event_details, decay_date from score_history "
        "where user_id = %s order by id",
        [player],
    )
    return await cursor.fetchall()


async def notices(conn: Connection) -> list[dict[str, Any]]:
    cursor = await conn.execute("select * from pending_responses order by id")
    return await cursor.fetchall()
