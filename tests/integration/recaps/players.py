"""Players with a day behind them, and the recaps that come of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from functions.generate_summaries.main import generate_summaries
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection


def morning() -> str:
    """A time zone in which it is between 06:00 and 18:00 now, whenever the test runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{'-' if ahead >= 0 else '+'}{abs(ahead)}" if ahead else "UTC"


def night() -> str:
    """A time zone in which it is before 06:00."""
    ahead = 2 - datetime.now(UTC).hour
    ahead = ahead if ahead >= -12 else ahead + 24
    return f"Etc/GMT{'-' if ahead >= 0 else '+'}{abs(ahead)}" if ahead else "UTC"


def yesterday(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date() - timedelta(days=1)


def noon(zone: str, day: date | None = None) -> datetime:
    """Noon of a day of the zone, yesterday unless said otherwise."""
    return datetime.combine(day or yesterday(zone), datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=12)


async def player(conn: Connection, zone: str | None = None, **columns: Any) -> UUID:
    """A player since long ago, for whom it is morning."""
    values = {"timezone": zone or morning(), "created_at": datetime(2020, 1, 1, tzinfo=UTC), "display_name": "Ben"}
    values |= columns
    statement = f"insert into users ({', '.join(values)}) values ({', '.join(['%s'] * len(values))}) returning id"  # noqa: S608
    cursor = await conn.execute(statement.encode(), list(values.values()))
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def players(conn: Connection, number: int) -> None:
    """So many players at once."""
    await conn.execute(
        "insert into users (display_name, timezone, created_at) "
        "select 'Player ' || n, %s, '2020-01-01' from generate_series(1, %s) n",
        [morning(), number],
    )


async def talked(conn: Connection, user: UUID, at: datetime, *said: str) -> None:
    """A conversation; the player and Nikita in turns."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said or ("hello",))]
    await conn.execute(
        "insert into conversations (user_id, platform, messages, started_at) values (%s, 'telegram', %s, %s)",
        [user, Jsonb(messages), at],
    )


async def scored(conn: Connection, user: UUID, score: float, at: datetime, event: str = "chat", **details: Any) -> None:
    await conn.execute(
        "insert into score_history (user_id, score, chapter, event_type, event_details, recorded_at, decay_date) "
        "values (%s, %s, 1, %s, %s, %s, %s)",
        [user, score, event, Jsonb(details), at, at.date() if event == "decay" else None],
    )


async def recaps(resources: Resources, trigger: str = "admin", **tick: Any) -> Any:
    """One run; its answer."""
    return nightshift.content(await nightshift.post(generate_summaries, resources, {"trigger": trigger, **tick}))


async def summaries(conn: Connection) -> list[dict[str, Any]]:
    cursor = await conn.execute("select * from daily_summaries order by user_id, summary_date")
    return await cursor.fetchall()


async def work(conn: Connection) -> list[dict[str, Any]]:
    """What still waits."""
    cursor = await conn.execute("select * from recap_work order by user_id, summary_date")
    return await cursor.fetchall()


async def spend(conn: Connection) -> dict[str, Any]:
    cursor = await conn.execute("select * from recap_spend")
    return await cursor.fetchone() or {}


async def due_again(conn: Connection) -> None:
    """Whatever waits for a time is due: an hour later, as it were."""
    await conn.execute(
        "update recap_work set next_at = now(), locked_until = case when locked_by is not null then now() end"
    )
    await conn.execute("update recap_channel set held_until = null")
    await conn.execute(
        "update recap_batches set next_look_at = now(), locked_until = case when locked_by is not null then now() end "
        "where finished_at is null"
    )


async def batches(conn: Connection) -> list[dict[str, Any]]:
    cursor = await conn.execute("select * from recap_batches order by made_at")
    return await cursor.fetchall()


async def later(conn: Connection, resources: Resources) -> Any:
    """A run when everything is due again."""
    await due_again(conn)
    return await recaps(resources, "schedule")
