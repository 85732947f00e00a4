"""kill -9 at each step between claim and settle: nothing is lost, what may be a second copy is marked (section 3)."""

import asyncio
import sys

import pytest

from infra.local.twins import TelegramTwin
from tests.faults import delivering
from tests.lambda_runtime import ROOT
from tests.nightshift import SERVICE_KEY, Connection

ROWS = 5


async def killed_at(point: str, database_url: str, telegram: TelegramTwin) -> None:
    """A real process delivers until it reaches the point, and is killed there."""
    linger = "20" if point in {"exchanging", "exchanged"} else "0"
    given = delivering.environment(database_url, telegram) | {"service_keys": SERVICE_KEY, "linger_seconds": linger}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.driver",
        point,
        cwd=ROOT,
        env={name.upper(): value for name, value in given.items()},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        for _ in range(ROWS if point in {"sending", "sent"} else 1):
            assert await process.stdout.readline() == b"stopped\n"
    process.kill()
    await process.wait()


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize(
    ("point", "times"), [("claimed", 1), ("sending", 1), ("sent", 2), ("settling", 2), ("exchanging", 2)]
)
async def test_a_process_that_dies_before_it_settled_loses_nothing_and_every_row_is_marked(
    database_url: str, conn: Connection, telegram: TelegramTwin, point: str, times: int
) -> None:
    await delivering.replies(conn, ROWS)
    await killed_at(point, database_url, telegram)
    survivor = delivering.resources(database_url, telegram)
    before = delivering.sent(telegram)
    await delivering.deliver(survivor)
    assert delivering.sent(telegram) == before, "a lease holds until its time is over"
    await delivering.deliver_all(conn, survivor)
    rows = {str(chat) for chat in range(1, ROWS + 1)}
    sent = delivering.sent(telegram)
    assert sent.keys() == rows == await delivering.marked(conn)
    assert {number for text, number in sent.items() if text in before or times == 1} == {times}
    assert await delivering.statuses(conn) == {"delivered": ROWS}
    await survivor.close()


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("point", ["settled", "exchanged"])
async def test_what_a_dead_process_had_settled_never_goes_out_again(
    database_url: str, conn: Connection, telegram: TelegramTwin, point: str
) -> None:
    await delivering.replies(conn, ROWS)
    await killed_at(point, database_url, telegram)
    settled = await delivering.delivered(conn)
    survivor = delivering.resources(database_url, telegram)
    await delivering.deliver_all(conn, survivor)
    sent = delivering.sent(telegram)
    assert settled
    assert all(sent[text] == 1 for text in settled)
    assert {text for text, number in sent.items() if number > 1} <= await delivering.marked(conn)
    assert await delivering.statuses(conn) == {"delivered": ROWS}
    await survivor.close()


@pytest.mark.usefixtures("unlimited")
async def test_a_row_that_kills_every_process_is_dead_in_the_end(
    database_url: str, conn: Connection, telegram: TelegramTwin
) -> None:
    await delivering.replies(conn, ROWS)
    for _ in range(4):
        await killed_at("claimed", database_url, telegram)
        await delivering.expire_leases(conn)
    survivor = delivering.resources(database_url, telegram)
    await delivering.deliver(survivor)
    assert await delivering.statuses(conn) == {"failed": ROWS}
    assert delivering.sent(telegram).total() == 0
    await survivor.close()
