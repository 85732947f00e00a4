"""Everything through PgBouncer in transaction mode: a connection is ours for one statement only (spec, section 2)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.local.twins import TelegramTwin
from shared import history
from shared.db import Database
from shared.limits import Permit, PostgresLimiter
from tests.faults import delivering
from tests.faults.conftest import POOL
from tests.nightshift import Connection

ROWS = 100


@pytest.fixture
async def pooled(pooled_url: str) -> AsyncIterator[Database]:
    made = Database(pooled_url, pool_max=20, timeout=20)
    yield made
    await made.close()


async def servers(conn: Connection) -> int:
    """Connections of the pooler to this database."""
    cursor = await conn.execute(
        "select count(*) as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    )
    return int((await cursor.fetchone() or {})["n"])


@pytest.mark.usefixtures("unlimited")
async def test_two_workers_deliver_everything_once_through_the_pooler(
    pooled_url: str, conn: Connection, telegram: TelegramTwin
) -> None:
    await delivering.replies(conn, ROWS)
    workers = [delivering.resources(pooled_url, telegram, db_pool_max="10", db_timeout="20s") for _ in range(2)]
    for _ in range(4):
        assert await asyncio.gather(*map(delivering.deliver, workers)) == [200, 200]
    assert delivering.sent(telegram) == {str(chat): 1 for chat in range(1, ROWS + 1)}
    assert await delivering.statuses(conn) == {"delivered": ROWS}
    assert await delivering.marked(conn) == set()
    assert await servers(conn) <= POOL
    for worker in workers:
        await worker.close()


async def test_the_limiter_is_exact_through_the_pooler(pooled: Database, conn: Connection) -> None:
    limiter = PostgresLimiter(pooled)
    batch = [[Permit("bot", 7, 100.0)]] * 5
    waits = [wait for found in await asyncio.gather(*(limiter.reserve(batch) for _ in range(20))) for wait in found]
    assert sum(wait == 0 for wait in waits) == 7
    assert await servers(conn) <= POOL


async def test_a_tick_runs_once_through_the_pooler(pooled: Database) -> None:
    begun = await asyncio.gather(
        *(
            history.begin(
                pooled,
                run=UUID(int=number),
                job="apply-decay",
                key="2026-01-01",
                trigger="schedule",
                limit=timedelta(minutes=1),
                metadata={},
            )
            for number in range(1, 21)
        )
    )
    assert sum(one.reason is None for one in begun) == 1


async def test_no_lock_is_left_behind(pooled: Database, conn: Connection) -> None:
    await test_a_tick_runs_once_through_the_pooler(pooled)
    cursor = await conn.execute("select count(*) as n from pg_locks where locktype = 'advisory'")
    assert (await cursor.fetchone() or {})["n"] == 0


async def test_a_transaction_stays_on_one_connection(pooled: Database) -> None:
    async def transfer(number: int) -> None:
        async with pooled.transaction() as transaction:
            await transaction.rows(b"create temporary table mine (n int) on commit drop")
            await transaction.rows(b"insert into mine values (%(n)s::int)", n=number)
            assert await transaction.row(b"select n from mine") == {"n": number}

    await asyncio.gather(*map(transfer, range(20)))


async def test_a_hold_is_seen_through_the_pooler(pooled: Database) -> None:
    limiter = PostgresLimiter(pooled)
    await limiter.hold("bot", datetime.now(UTC) + timedelta(seconds=100))
    [wait] = await limiter.reserve([[Permit("bot", 7, 1.0)]])
    assert 98 < wait <= 100
