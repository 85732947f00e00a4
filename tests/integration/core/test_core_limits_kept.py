"""What the rate limiter keeps of its grants, for how long, and how it finds it again (spec, section 10)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import psycopg
from redis import Redis

from shared import limits
from shared.db import Database
from shared.limits import Permit, PostgresLimiter, RedisLimiter
from tests.integration.core.spans import NEAR, SPAN, near
from tests.nightshift import Connection

FOREVER = 1e6  # seconds of patience
MINUTE = 60.0  # seconds: how coarsely PostgreSQL notes when a row may go
OTHERS = 5000  # limits in the table that nobody asks for
BLOCKED = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
ASKED = {"patience": 0, "keys": ["k", "l"], "permits": [1, 1], "windows": [9, 9], "grains": [1, 1], "rows": [[1, 2]]}


async def test_grants_of_one_moment_are_one_entry(db: Database, conn: Connection) -> None:
    limiter = PostgresLimiter(db)
    await limiter.reserve([[Permit("k", 50, SPAN)]] * 40)
    await limiter.reserve([[Permit("k", 50, SPAN)]] * 20)
    cursor = await conn.execute("select numbers from rate_limit_counters")
    assert [row["numbers"] for row in await cursor.fetchall()] == [[40, 10]]


async def test_redis_has_one_key_for_a_limit(redis_url: str) -> None:
    limiter = RedisLimiter(redis_url)
    await limiter.hold("k", datetime.now(UTC) - timedelta(seconds=1))
    await limiter.reserve([[Permit("k", 2, SPAN)]] * 3)
    await limiter.hold("k", datetime.now(UTC) + timedelta(seconds=SPAN))
    with Redis.from_url(redis_url) as client:
        assert client.keys("*") == [f"{limits.PREFIX}k".encode()]
    await limiter.close()


async def test_a_grant_in_the_near_does_not_forget_one_that_is_far(redis_url: str) -> None:
    limiter = RedisLimiter(redis_url)
    bot, chat = Permit("bot", 9, 1.0), Permit("chat", 1, SPAN)
    await limiter.reserve([[bot, chat], [bot, chat], [bot]], patience=FOREVER)
    with Redis.from_url(redis_url) as client:
        assert client.pttl(f"{limits.PREFIX}bot") > SPAN * 1000 - 1000
    await limiter.close()


async def test_a_short_hold_does_not_forget_grants(redis_url: str) -> None:
    limiter = RedisLimiter(redis_url)
    await limiter.reserve([[Permit("k", 1, SPAN)]])
    await limiter.hold("k", datetime.now(UTC) + timedelta(seconds=1))
    with Redis.from_url(redis_url) as client:
        assert client.pttl(f"{limits.PREFIX}k") > SPAN * 1000 - 1000
    assert await limiter.reserve([[Permit("k", 1, SPAN)]]) == [near(SPAN)]
    await limiter.close()


async def test_redis_forgets_a_key_that_nobody_waits_for(redis_url: str) -> None:
    limiter = RedisLimiter(redis_url)
    await limiter.reserve([[Permit("k", 2, 1.0)]])
    await limiter.hold("k", datetime.now(UTC) + timedelta(seconds=3))
    with Redis.from_url(redis_url) as client:
        assert all(0 < client.pttl(key) <= 4000 for key in client.keys("*"))
    await limiter.close()


async def test_postgresql_says_when_a_key_may_be_deleted(db: Database, conn: Connection) -> None:
    await PostgresLimiter(db).reserve([[Permit("k", 1, SPAN)]] * 3, patience=FOREVER)
    cursor = await conn.execute("select extract(epoch from expires_at - now())::float8 as s from rate_limit_counters")
    [row] = await cursor.fetchall()
    assert 3 * SPAN - NEAR < row["s"] <= 3 * SPAN + MINUTE


async def test_a_grant_is_kept_where_the_key_is_deleted_at_the_same_time(
    db: Database, conn: Connection, database_url: str
) -> None:
    await conn.execute("insert into rate_limit_counters (key, expires_at) values ('k', now() - interval '1 day')")
    async with await psycopg.AsyncConnection.connect(database_url) as cleaning:
        await cleaning.execute("delete from rate_limit_counters where expires_at < now()")
        granted = asyncio.create_task(PostgresLimiter(db).reserve([[Permit("k", 1, SPAN)]]))
        while not (await conn.execute(BLOCKED)).rowcount:
            pass
        await cleaning.commit()
    assert await granted == [0]
    assert await PostgresLimiter(db).reserve([[Permit("k", 1, SPAN)]]) == [near(SPAN)]


async def test_limits_are_found_by_their_keys_in_a_table_that_has_grown(db: Database, conn: Connection) -> None:
    await conn.execute(
        "insert into rate_limit_counters (key, expires_at) select n, now() from generate_series(1, %s) n", [OTHERS]
    )
    async with db.transaction() as transaction:
        await transaction.rows(limits.SQL.reserve, wanted=json.dumps(ASKED))
        row = await transaction.row(
            b"select seq_scan, n_tup_upd from pg_stat_xact_user_tables where relname = 'rate_limit_counters'"
        )
    assert row == {"seq_scan": 0, "n_tup_upd": 2}
