"""A run that writes recaps is killed, loses its database or shares it: nobody is written twice or missed (spec, 6)."""

import asyncio
import signal
import sys
from typing import Any

import pytest

from infra.local.postgres import Postgres
from infra.local.twins.claude import KEY, ClaudeTwin
from shared.providers.claude import Claude
from shared.resources import Resources
from tests import nightshift
from tests.faults.test_faults_restart import restart
from tests.integration.queue.desk import connect
from tests.integration.recaps.players import due_again, players, recaps, spend, summaries, work
from tests.lambda_runtime import ROOT
from tests.nightshift import SERVICE_KEY, Connection

MANY = 30


def given(database_url: str, claude: ClaudeTwin, batch_from: int) -> dict[str, str]:
    return {
        "database_url": database_url,
        "anthropic_base_url": claude.url,
        "anthropic_api_key": KEY,
        "claude_timeout": "5s",
        "claude_batch_from": str(batch_from),
        "db_pool_max": "20",
    }


async def killed_at(point: str, environment: dict[str, str]) -> None:
    """A real process works until it reaches the point, and is killed there."""
    env = {name.upper(): value for name, value in (environment | {"service_keys": SERVICE_KEY}).items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.recapping", point, cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while await process.stdout.readline() != b"stopped\n":
            assert process.returncode is None
    process.kill()
    await process.wait()


async def survived(conn: Connection, resources: Resources, claude: ClaudeTwin) -> int:
    """Runs go on until nothing waits; how many texts Claude wrote more than once."""
    for _ in range(5):
        await due_again(conn)
        await recaps(resources)
    rows = await summaries(conn)
    assert (len(rows), len({row["user_id"] for row in rows}), await work(conn)) == (MANY, MANY, [])
    assert {row["written_by"] for row in rows} == {"claude"}
    assert (await spend(conn))["reserved_usd"] == 0
    await resources.close()
    return int(claude.stats()["repeated"])


@pytest.mark.parametrize(
    ("point", "repeated"),
    [("planned", 0), ("claimed", 0), ("reserved", 0), ("asking", 0), ("answered", 1), ("writing", 30), ("written", 30)],
)
async def test_a_run_that_dies_midway_misses_nobody_and_writes_nobody_twice(
    database_url: str, conn: Connection, claude: ClaudeTwin, point: str, repeated: int
) -> None:
    await players(conn, MANY)
    environment = given(database_url, claude, 1000)
    await killed_at(point, environment)
    assert await survived(conn, Resources(nightshift.settings(**environment)), claude) <= repeated


@pytest.mark.parametrize("point", ["making", "made", "collecting"])
async def test_a_run_that_dies_over_a_batch_has_nobody_asked_for_twice(
    database_url: str, conn: Connection, claude: ClaudeTwin, point: str
) -> None:
    await players(conn, MANY)
    environment = given(database_url, claude, 10)
    resources = Resources(nightshift.settings(**environment))
    if point == "collecting":
        await recaps(resources)
        await due_again(conn)
    await killed_at(point, environment)
    await recaps(resources)
    assert len(await work(conn)) == MANY, "a lease holds until its time is over"
    if point == "making":
        await conn.execute("update recap_batches set made_at = made_at - interval '11 minutes'")
    assert await survived(conn, resources, claude) == 0
    assert claude.stats()["batches"] == 1


async def test_two_runs_at_once_through_the_pooler_write_everybody_once(
    pooled_url: str, conn: Connection, claude: ClaudeTwin
) -> None:
    await players(conn, 2 * MANY)
    runs = [Resources(nightshift.settings(**given(pooled_url, claude, 1000))) for _ in range(2)]
    answers = await asyncio.gather(*map(recaps, runs))
    rows = await summaries(conn)
    assert sum(answer["processed"] for answer in answers) == len(rows) == 2 * MANY
    assert claude.stats()["repeated"] == 0
    assert await work(conn) == []
    for run in runs:
        await run.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_the_database_restarts_in_the_middle_of_a_run(
    own_postgres: Postgres,
    own_conn: Connection,
    claude: ClaudeTwin,
    monkeypatch: pytest.MonkeyPatch,
    how: signal.Signals,
) -> None:
    await players(own_conn, MANY)
    write, count = Claude.write, iter(range(1, 1000))

    async def writing(*args: Any) -> Any:
        if next(count) == MANY // 2:
            await asyncio.to_thread(restart, own_postgres, how)
        return await write(*args)

    monkeypatch.setattr(Claude, "write", writing)
    resources = Resources(nightshift.settings(**given(own_postgres.url(), claude, 1000)))
    await recaps(resources)
    async with await connect(own_postgres.url()) as conn:
        assert await survived(conn, resources, claude) == 0, "what was paid for was written down, or never asked for"
