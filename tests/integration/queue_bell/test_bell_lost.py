"""Whatever happens to the line, the wait goes on: rows are looked for until it is up again."""

import asyncio
import json

import pytest

from infra.local.program import free_port
from shared.queue.bell import Bell
from tests.integration.queue.desk import Desk
from tests.integration.queue_bell.waiters import LONG, PATIENCE, begun, bell_of, waiting
from tests.nightshift import Connection


async def cut(conn: Connection) -> None:
    """End the line's connection from the server's side."""
    for pid in await waiting(conn):
        await conn.execute("select pg_terminate_backend(%s)", [pid])


@pytest.mark.usefixtures("unlooked")
async def test_a_wait_ends_when_its_line_breaks_since_a_ring_may_be_lost(emails: Desk, bell: Bell) -> None:
    wait = await begun(bell)
    await cut(emails.conn)
    await asyncio.wait_for(wait, PATIENCE)


@pytest.mark.usefixtures("unlooked")
async def test_a_line_that_broke_comes_up_again_and_rings(
    emails: Desk, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.queue.line.AGAIN", 0.0)
    wait = await begun(bell)
    await cut(emails.conn)
    await wait
    wait = await begun(bell)
    await emails.add()
    await asyncio.wait_for(wait, PATIENCE)


async def test_a_row_that_comes_while_the_line_is_down_is_found(emails: Desk, bell: Bell) -> None:
    wait = await begun(bell)
    await cut(emails.conn)
    await wait
    wait = asyncio.create_task(bell.rung(LONG))
    await emails.add()
    await asyncio.wait_for(wait, PATIENCE)


async def test_a_line_that_nobody_answers_is_told_of_once_without_its_address(
    emails: Desk, database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.queue.line.AGAIN", 0.0)
    nowhere = f"postgresql://postgres@127.0.0.1:{free_port()}/nightshift"
    async with bell_of(database_url, database_direct_url=nowhere, log_level="WARNING") as bell:
        await bell.rung(1.0)
        await emails.add()
        await asyncio.wait_for(bell.rung(LONG), PATIENCE)
    [line] = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["error_type"], "127.0.0.1" in line) == ("OperationalError", False)


async def test_a_line_to_another_database_is_found_out(
    emails: Desk, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = database_url.rpartition("/")[0] + "/postgres"
    async with bell_of(database_url, database_direct_url=elsewhere, log_level="WARNING") as bell:
        await bell.rung(1.0)
        while not bell.line.deaf:
            await bell.rung(0.2)
        await emails.add()
        await asyncio.wait_for(bell.rung(LONG), PATIENCE)
    assert "hears nothing" in capsys.readouterr().out
