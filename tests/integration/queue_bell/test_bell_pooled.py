"""Through PgBouncer: in transaction mode nobody listens, and rows are looked for; a second address may lead past it."""

import asyncio
from pathlib import Path

import pytest

from shared.queue.bell import Bell
from tests.integration.queue.desk import Desk
from tests.integration.queue.waiting import until
from tests.integration.queue_bell.waiters import LONG, PATIENCE, begun, bell_of, waiting
from tests.nightshift import Connection
from tests.pooler import pooled

LISTENED = "select 1 as one from pg_stat_activity where query ilike 'listen%' and datname = current_database()"


async def deaf(bell: Bell) -> None:
    """Wait until it is known that nothing can be heard."""

    async def known() -> bool:
        await bell.rung(0.1)
        return bell.line.deaf

    await until(known)


async def test_a_row_is_found_by_a_look(emails: Desk, pooled_url: str) -> None:
    async with bell_of(pooled_url) as bell:
        await deaf(bell)
        wait = asyncio.create_task(bell.rung(LONG))
        await emails.add()
        await asyncio.wait_for(wait, PATIENCE)


async def test_no_connection_of_the_pooler_is_left_listening_or_locked(conn: Connection, pooled_url: str) -> None:
    async with bell_of(pooled_url) as bell:
        await deaf(bell)
        listening = await (await conn.execute(LISTENED)).fetchall()
        assert (listening, await waiting(conn)) == ([], [])


@pytest.mark.usefixtures("unlooked")
async def test_a_direct_address_rings_beside_the_pooler(emails: Desk, pooled_url: str, database_url: str) -> None:
    async with bell_of(pooled_url, database_direct_url=database_url) as bell:
        wait = await begun(bell)
        await emails.add()
        await asyncio.wait_for(wait, PATIENCE)


@pytest.mark.usefixtures("unlooked")
async def test_a_pooler_that_keeps_sessions_serves_as_a_direct_address(
    emails: Desk, pooled_url: str, database_url: str, home: Path
) -> None:
    (home / "session").mkdir()
    with pooled(database_url, home / "session", mode="session") as kept:
        async with bell_of(pooled_url, database_direct_url=kept) as bell:
            wait = await begun(bell)
            await emails.add()
            await asyncio.wait_for(wait, PATIENCE)


async def test_a_direct_address_that_keeps_no_session_is_found_out(
    emails: Desk, pooled_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with bell_of(pooled_url, database_direct_url=pooled_url, log_level="WARNING") as bell:
        await deaf(bell)
        assert await waiting(emails.conn) == []
    assert "DATABASE_DIRECT_URL hears nothing" in capsys.readouterr().out
