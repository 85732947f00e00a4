"""The pool and its statements: recovery, time limits, no secrets (spec, sections 2 and 6)."""

import asyncio
import time
import traceback

import psycopg
import pytest

from infra.local.program import free_port
from shared.db import Database
from shared.errors import UnavailableError
from tests.nightshift import Connection

ONE = b"select 1 as one"
ME = b"select pg_backend_pid() as pid"


async def end_all_but(conn: Connection) -> int:
    """The server closes every other connection to this database; how many there were."""
    cursor = await conn.execute(
        "select count(pg_terminate_backend(pid)) as n from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    return int((await cursor.fetchone() or {})["n"])


async def test_rows_are_dicts(db: Database) -> None:
    assert await db.rows(b"select n, n * 2 as twice from generate_series(1, 2) n") == [
        {"n": 1, "twice": 2},
        {"n": 2, "twice": 4},
    ]
    assert await db.row(ONE) == {"one": 1}
    assert await db.row(b"select 1 as one where false") is None


async def test_a_statement_that_returns_nothing_returns_no_rows(db: Database) -> None:
    assert await db.rows(b"create table t (id int)") == []


async def test_values_are_parameters_and_never_text(db: Database) -> None:
    assert await db.row(b"select %(given)s::text as it", given="'; drop table users; --") == {
        "it": "'; drop table users; --"
    }


async def test_one_connection_serves_one_after_the_other(db: Database) -> None:
    assert len({(await db.row(ME) or {})["pid"] for _ in range(5)}) == 1


async def test_no_more_connections_than_the_pool_may_have(database_url: str) -> None:
    db = Database(database_url, pool_max=2)
    rows = await asyncio.gather(*(db.row(b"select pg_backend_pid() as pid, pg_sleep(0.01)") for _ in range(10)))
    assert len({(row or {})["pid"] for row in rows}) <= 2
    await db.close()


async def test_statements_go_out_unprepared(db: Database) -> None:
    for _ in range(10):
        await db.rows(ONE)
    assert await db.row(b"select count(*) as n from pg_prepared_statements") == {"n": 0}


async def test_round_trips_are_counted(db: Database) -> None:
    await db.rows(ONE)
    await db.rows(ONE)
    assert db.round_trips == 2
    async with db.transaction() as transaction:
        await transaction.rows(ONE)
    assert db.round_trips > 2


async def test_a_repeatable_statement_survives_a_connection_that_the_server_closed(
    db: Database, conn: Connection
) -> None:
    await db.rows(ONE)
    assert await end_all_but(conn) == 1
    assert await db.row(ONE, repeatable=True) == {"one": 1}


async def test_another_one_says_so_once_and_then_works(db: Database, conn: Connection) -> None:
    await db.rows(ONE)
    await end_all_but(conn)
    with pytest.raises(UnavailableError):
        await db.rows(ONE)
    assert await db.row(ONE) == {"one": 1}


async def test_a_connection_that_lay_idle_is_looked_at_before_it_is_used(
    db: Database, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.rows(ONE)
    await end_all_but(conn)
    monkeypatch.setattr("shared.db.FRESH", -1.0)
    assert await db.row(ONE) == {"one": 1}


async def test_a_whole_pool_recovers(database_url: str, conn: Connection) -> None:
    db = Database(database_url, pool_max=4)
    await asyncio.gather(*(db.rows(b"select pg_sleep(0.01)") for _ in range(4)))
    await end_all_but(conn)
    answers = await asyncio.gather(*(db.row(ONE, repeatable=True) for _ in range(20)))
    assert answers == [{"one": 1}] * 20
    await db.close()


@pytest.mark.parametrize("repeatable", [False, True])
async def test_a_database_that_is_not_there_is_reported_in_time_and_without_its_password(*, repeatable: bool) -> None:
    db = Database(f"postgresql://ann:hunter2@127.0.0.1:{free_port()}/none", timeout=0.3)
    began = time.monotonic()
    with pytest.raises(UnavailableError) as raised:
        await db.rows(ONE, repeatable=repeatable)
    assert time.monotonic() - began < 3
    assert raised.value.extra == {"retry_after": 5}
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))
    assert "hunter2" not in str(raised.value.problem())
    await db.close()


async def test_neither_does_a_transaction(database_url: str) -> None:
    db = Database(f"postgresql://ann:hunter2@127.0.0.1:{free_port()}/none", timeout=0.3)
    with pytest.raises(UnavailableError):
        async with db.transaction():
            raise AssertionError
    await db.close()


async def test_a_statement_that_takes_too_long_is_given_up(database_url: str, conn: Connection) -> None:
    db = Database(database_url, timeout=0.2)
    with pytest.raises(UnavailableError, match="TimeoutError"):
        await db.rows(b"select pg_sleep(30)")
    assert await db.row(ONE) == {"one": 1}
    cursor = await conn.execute("select count(*) as n from pg_stat_activity where query like '%%pg_sleep(30)' ", [])
    assert (await cursor.fetchone() or {})["n"] == 0
    await db.close()


async def test_a_mistake_in_sql_is_no_absence(db: Database) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        await db.rows(b"select * from nowhere", repeatable=True)
    assert db.round_trips == 1


async def test_a_transaction_is_kept_as_a_whole(db: Database) -> None:
    async with db.transaction() as transaction:
        await transaction.rows(b"insert into audit_log (actor, action, subject) values ('a', 'b', 'c')")
        assert await transaction.row(b"select count(*) as n from audit_log") == {"n": 1}
        assert await db.row(b"select count(*) as n from audit_log") == {"n": 0}
    assert await db.row(b"select count(*) as n from audit_log") == {"n": 1}


async def test_or_taken_back_as_a_whole(db: Database) -> None:
    async def half() -> None:
        async with db.transaction() as transaction:
            await transaction.rows(b"insert into audit_log (actor, action, subject) values ('a', 'b', 'c')")
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await db.row(b"select count(*) as n from audit_log") == {"n": 0}


async def test_a_transaction_whose_connection_breaks_says_so(db: Database, conn: Connection) -> None:
    async def broken() -> None:
        async with db.transaction() as transaction:
            await end_all_but(conn)
            await transaction.rows(ONE)

    with pytest.raises(UnavailableError):
        await broken()
    assert await db.row(ONE, repeatable=True) == {"one": 1}


async def test_a_statement_that_lost_a_deadlock_is_run_again(db: Database, conn: Connection) -> None:
    await conn.execute("create table t (id int primary key, n int)")
    await conn.execute("insert into t values (1, 0), (2, 0)")
    await conn.execute("set deadlock_timeout = '30s'")
    both = (
        b"with one as (update t set n = n + 1 where id = 1 returning n) update t set n = t.n + 1 from one where id = 2"
    )
    async with conn.transaction():
        await conn.execute("update t set n = 10 where id = 2")
        task = asyncio.create_task(db.rows(both))
        async with asyncio.timeout(10):
            while (await (await conn.execute("select 1 as one from pg_locks where not granted")).fetchone()) is None:
                pass
        await conn.execute("update t set n = 10 where id = 1")
    await task
    cursor = await conn.execute("select n from t order by id")
    assert [row["n"] for row in await cursor.fetchall()] == [11, 11]


async def test_a_pool_that_nobody_used_closes(database_url: str) -> None:
    db = Database(database_url)
    assert db.stats()["pool_size"] == 0
    await db.close()


async def test_a_closed_pool_is_an_absence(db: Database) -> None:
    await db.rows(ONE)
    await db.close()
    with pytest.raises(UnavailableError):
        await db.rows(ONE)
