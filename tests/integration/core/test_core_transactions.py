"""Work as a whole or not at all (seed 002, T12 and AC-T14.3; spec, section 6). Every race here is a real one."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.sql import SQL, Identifier

from shared.db import Database, Transaction
from shared.errors import ConflictError, LostRaceError
from shared.transactions import atomic, transaction
from tests.nightshift import Connection

ADD = b"insert into t values (%(n)s::int, 0)"
ADD_ONE = b"update t set n = n + 1 where id = %(id)s::int"
COUNT = b"select count(*)::int as n from t"
TOTAL = b"select sum(n)::int as n from t"
BLOCKED = "select from pg_blocking_pids(%s) as blockers where blockers <> '{}'"


@pytest.fixture
async def table(conn: Connection) -> None:
    """Rows 1 and 2. Whoever connects from now on notices a deadlock at once; `conn` leaves that to the other one."""
    await conn.execute("create table t (id int primary key, n int)")
    await conn.execute("insert into t values (1, 0), (2, 0)")
    name = Identifier(conn.info.dbname)
    await conn.execute(SQL("alter database {} set deadlock_timeout = '10ms'").format(name))
    await conn.execute("set deadlock_timeout = '60s'")


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries, none of them waited."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("shared.retry.asyncio", SimpleNamespace(sleep=sleep))
    return asked


class Rival:
    """Another transaction that holds row 2 and waits for row 1, which the transaction under test has."""

    def __init__(self, conn: Connection, watcher: psycopg.AsyncConnection) -> None:
        self.conn, self.watcher = conn, watcher
        self.running: asyncio.Task[None] | None = None

    async def block(self) -> None:
        """Begin, and return once it waits."""
        self.running = asyncio.create_task(self.crosswise())
        async with asyncio.timeout(10):
            while await (await self.watcher.execute(BLOCKED, [self.conn.info.backend_pid])).fetchone() is None:
                pass

    async def crosswise(self) -> None:
        async with self.conn.transaction():
            await self.conn.execute("update t set n = n + 100 where id = 2")
            await self.conn.execute("update t set n = n + 100 where id = 1")

    async def done(self) -> None:
        if self.running:
            await self.running


@pytest.fixture
def rival(conn: Connection, watcher: psycopg.AsyncConnection) -> Rival:
    return Rival(conn, watcher)


class Racing:
    """Adds one to row 1 and then to row 2; the first `times` times the rival stands in between."""

    def __init__(self, rival: Rival, times: int) -> None:
        self.rival, self.times, self.tries = rival, times, 0

    async def __call__(self, session: Transaction) -> str:
        await self.rival.done()
        self.tries += 1
        await session.rows(ADD_ONE, id=1)
        if self.tries <= self.times:
            await self.rival.block()
        await session.rows(ADD_ONE, id=2)
        return "done"


@atomic
async def both(session: Transaction, first: int, second: int) -> str:
    """Insert two rows."""
    await session.rows(ADD, n=first)
    await session.rows(ADD, n=second)
    return "both"


async def test_ac_t12_1_a_function_is_a_transaction(db: Database, table: None) -> None:
    """AC-T12.1."""
    assert await both(db, 3, second=4) == "both"
    assert await db.row(COUNT) == {"n": 4}
    assert (both.__name__, both.__doc__) == ("both", "Insert two rows.")


async def test_ac_t12_1_a_with_is_one_too(db: Database, table: None) -> None:
    """AC-T12.1."""
    async with transaction(db) as session:
        await session.rows(ADD, n=3)
        assert await db.row(COUNT) == {"n": 2}
    assert await db.row(COUNT) == {"n": 3}


async def test_ac_t12_2_inside_another_it_is_a_savepoint(db: Database, table: None) -> None:
    """AC-T12.2: one that fails is taken back by itself."""

    @atomic
    async def outer(session: Transaction) -> None:
        await both(session, 3, 4)
        with pytest.raises(psycopg.errors.UniqueViolation):
            await both(session, 5, 1)
        await both(session, 6, 7)

    await outer(db)
    rows = await db.rows(b"select id from t order by id")
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 6, 7]


async def test_ac_t12_2_it_is_the_same_transaction(db: Database) -> None:
    """AC-T12.2."""
    me = b"select pg_current_xact_id()::text as id"
    async with transaction(db) as outer:
        first = await outer.row(me)
        async with transaction(outer) as inner, transaction(inner) as innermost:
            assert await innermost.row(me) == first


async def test_ac_t12_3_ac_t14_3_what_fails_is_taken_back_completely(db: Database, table: None) -> None:
    """AC-T12.3, AC-T14.3: with all its savepoints, whatever the error."""

    @atomic
    async def failing(session: Transaction) -> None:
        await both(session, 3, 4)
        await session.rows(ADD, n=5)
        raise LookupError

    with pytest.raises(LookupError):
        await failing(db)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await both(db, 3, 1)
    assert await db.row(COUNT) == {"n": 2}


async def test_ac_t12_3_a_task_that_is_cancelled_leaves_nothing(db: Database, table: None) -> None:
    """AC-T12.3."""
    inserted = asyncio.Event()

    @atomic
    async def endless(session: Transaction) -> None:
        await session.rows(ADD, n=3)
        inserted.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(endless(db))
    await inserted.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await db.row(COUNT) == {"n": 2}


@pytest.mark.parametrize("times", [1, 2])
async def test_ac_t12_4_whoever_loses_a_deadlock_tries_again(
    db: Database, table: None, rival: Rival, waits: list[float], times: int
) -> None:
    """AC-T12.4: three times in all, after 50 and 200 ms, each plus or minus a tenth."""
    racing = Racing(rival, times)
    assert await atomic(racing)(db) == "done"
    assert racing.tries == times + 1
    assert await db.row(TOTAL) == {"n": 2 + 200 * times}
    for wait, expected in zip(waits, [0.05, 0.2][:times], strict=True):
        assert expected * 0.9 <= wait <= expected * 1.1


async def test_ac_t12_4_whoever_loses_three_times_is_told(
    db: Database, table: None, rival: Rival, waits: list[float]
) -> None:
    """AC-T12.4."""
    racing = Racing(rival, 9)
    with pytest.raises(LostRaceError, match="DeadlockDetected") as raised:
        await atomic(racing)(db)
    assert (racing.tries, len(waits), raised.value.extra) == (3, 2, {"retry_after": 1})
    await rival.done()
    assert await db.row(TOTAL) == {"n": 600}


async def test_ac_t12_4_only_the_whole_is_tried_again(
    db: Database, table: None, rival: Rival, waits: list[float]
) -> None:
    """AC-T12.4: the lost part has lost what the whole held too."""
    racing, begun = Racing(rival, 1), 0

    @atomic
    async def outer(session: Transaction) -> str:
        nonlocal begun
        begun += 1
        return await atomic(racing)(session)

    assert await outer(db) == "done"
    assert (begun, racing.tries, len(waits)) == (2, 2, 1)


async def test_ac_t12_4_inside_a_plain_transaction_nothing_is_tried_again(
    db: Database, table: None, rival: Rival, waits: list[float]
) -> None:
    """AC-T12.4."""
    racing = Racing(rival, 1)
    with pytest.raises(LostRaceError):
        async with transaction(db) as session:
            await atomic(racing)(session)
    assert (racing.tries, waits) == (1, [])
    await rival.done()


async def test_ac_t12_4_other_errors_are_not_tried_again(db: Database, table: None, waits: list[float]) -> None:
    """AC-T12.4."""
    calls = 0

    @atomic
    async def refused(_session: Transaction) -> None:
        nonlocal calls
        calls += 1
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        await refused(db)
    assert (calls, waits) == (1, [])


@pytest.mark.parametrize("isolation", [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE])
async def test_ac_t12_4_a_change_of_what_was_read_is_seen_in_the_next_try(
    db: Database, table: None, conn: Connection, waits: list[float], isolation: IsolationLevel
) -> None:
    """AC-T12.4: a real serialization failure, in the middle of the transaction."""
    seen = []

    @atomic(isolation=isolation)
    async def double(session: Transaction) -> None:
        found = await session.row(b"select n from t where id = 1")
        seen.append((found or {})["n"])
        if len(seen) == 1:
            await conn.execute("update t set n = 5 where id = 1")
        await session.rows(b"update t set n = %(n)s::int where id = 1", n=seen[-1] * 2)

    await double(db)
    assert (seen, len(waits)) == ([0, 5], 1)
    assert await db.row(TOTAL) == {"n": 10}


async def test_ac_t12_4_so_is_one_that_shows_only_at_the_end(
    db: Database, table: None, conn: Connection, waits: list[float]
) -> None:
    """AC-T12.4: two that each count the rows and add one; in no order could both have counted two."""
    seen = []

    @atomic(isolation=IsolationLevel.SERIALIZABLE)
    async def counted(session: Transaction) -> None:
        seen.append((await session.row(COUNT) or {})["n"])
        await session.rows(ADD, n=100 + len(seen))
        if len(seen) == 1:
            async with conn.transaction():
                await conn.execute("set transaction isolation level serializable")
                await conn.execute("insert into t select 3, count(*) from t")

    await counted(db)
    assert (seen, len(waits)) == ([2, 3], 1)


async def test_many_at_once_that_cross_all_arrive(db: Database, table: None, waits: list[float]) -> None:
    """AC-T12.4: what the tries are for: rows that are locked in every order."""

    @atomic
    async def crossing(session: Transaction, first: int) -> None:
        await session.rows(ADD_ONE, id=first)
        await session.rows(ADD_ONE, id=3 - first)

    done = await asyncio.gather(*(crossing(db, 1 + number % 2) for number in range(12)), return_exceptions=True)
    arrived = sum(1 for each in done if each is None)
    assert all(each is None or isinstance(each, LostRaceError) for each in done)
    assert await db.row(TOTAL) == {"n": 2 * arrived}
