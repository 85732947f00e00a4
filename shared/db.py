"""PostgreSQL: one small pool per process, single statements and short transactions.

Everything here works through a transaction-mode pooler: no named prepared statement, no `SET`, no session lock,
nothing that outlives a statement or an explicit transaction (spec, section 2).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from json import JSONDecoder
from typing import Any, LiteralString, TypeVar, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import AsyncRowFactory, dict_row, tuple_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from shared import sql, traces
from shared.errors import LostRaceError, UnavailableError
from shared.retry import retrying

FRESH = 5.0  # seconds since its last use for which a pooled connection is trusted without a check
RECYCLE = 1800.0  # seconds after which a connection is replaced (spec, section 6)
RECONNECT = 2.0  # seconds of reconnection attempts; later callers start new ones, so recovery is quick
SERVICE_MIN, SERVICE_MAX, SERVICE_WAIT = 5, 20, 30.0  # connections, seconds: a long-lived program's (spec, section 6)
RETRIES = 3  # tries of a repeatable statement when its connection breaks, and of any that was rolled back for another

SQL = sql.beside(__file__, "db.sql")
READ_COMMITTED = IsolationLevel.READ_COMMITTED
Connection = psycopg.AsyncConnection[dict[str, Any]]
Row = dict[str, Any]
T = TypeVar("T")
Statement = bytes | psycopg.sql.Composed
ROLLED_BACK = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
BROKEN = (psycopg.OperationalError, psycopg.InterfaceError)
GONE = (*BROKEN, PoolTimeout, PoolClosed, TimeoutError)


def loads(data: str | bytes) -> Any:
    """JSON from the server: nothing is found out that is known, as its encoding is, or what most columns hold."""
    return {} if data == b"{}" else decode(data if isinstance(data, str) else str(data, "utf-8"))


decode = JSONDecoder().decode
set_json_loads(loads)


class Transaction:
    """Statements inside one short transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def rows(self, statement: Statement, *, repeatable: bool = False, **params: Any) -> list[Row]:  # noqa: ARG002
        """The rows of one statement. Nothing is tried again in here: `repeatable` is for those who are given either."""
        with traces.statement(statement):
            return await fetched(await self.connection.execute(cast("LiteralString", statement), params))

    async def row(self, statement: Statement, *, repeatable: bool = False, **params: Any) -> Row | None:
        return next(iter(await self.rows(statement, repeatable=repeatable, **params)), None)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator["Transaction"]:
        """A part that can be taken back by itself: one at a time, or each inside the one before."""
        async with self.connection.transaction():
            yield self


class Database:
    """The pool, opened by the first statement.

    Args:
        pool_min: connections that are kept open. None by default: each instance of a function has a pool of its own.
        pool_max: connections at most.
        timeout: seconds for a connection to be free, and for a statement by itself with that wait.

    Attributes:
        round_trips: statements and transaction ends sent so far; budgets in tests and metrics read it.
    """

    def __init__(self, url: str, *, pool_min: int = 0, pool_max: int = 4, timeout: float = 5.0) -> None:
        self.timeout = timeout
        self.round_trips = 0
        self._used: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        self._pool = AsyncConnectionPool(
            url,
            connection_class=psycopg.AsyncConnection[dict[str, Any]],
            kwargs={
                "autocommit": True,
                "prepare_threshold": None,
                "row_factory": dict_row,
                "connect_timeout": 2,
            },
            min_size=pool_min,
            max_size=pool_max,
            max_lifetime=RECYCLE,
            reconnect_timeout=RECONNECT,
            check=self._check,
            open=False,
        )
        self._opening = asyncio.Lock()

    @classmethod
    def for_service(cls, url: str) -> "Database":
        """The pool of a program that lives long and serves many at once, such as an API server."""
        return cls(url, pool_min=SERVICE_MIN, pool_max=SERVICE_MAX, timeout=SERVICE_WAIT)

    async def rows(self, statement: Statement, *, repeatable: bool = False, **params: Any) -> list[Row]:
        """Run one statement by itself and return its rows.

        Args:
            statement: from a `.sql` file.
            repeatable: running it twice equals running it once, so a broken connection is tried again.

        Raises:
            UnavailableError: the database cannot be reached in time.
        """
        return await self._run(statement, params, repeatable=repeatable, make=dict_row)

    async def tuples(self, statement: Statement, *, repeatable: bool = False, **params: Any) -> list[tuple[Any, ...]]:
        """`rows` for those who name their columns: the values in the statement's order, which costs half."""
        return await self._run(statement, params, repeatable=repeatable, make=tuple_row)

    async def row(self, statement: Statement, *, repeatable: bool = False, **params: Any) -> Row | None:
        return next(iter(await self.rows(statement, repeatable=repeatable, **params)), None)

    @asynccontextmanager
    async def transaction(self, isolation: IsolationLevel = READ_COMMITTED) -> AsyncIterator[Transaction]:
        """A short transaction. Call no provider inside it.

        Raises:
            LostRaceError: it was rolled back for the sake of another one; `shared.transactions.atomic` tries again.
            UnavailableError: the database cannot be reached in time, or went away in between.
        """
        try:
            async with self._connection(isolation) as connection, connection.transaction():
                self.round_trips += 2
                yield Transaction(connection)
        except GONE as error:
            raise gone(error) from error

    @asynccontextmanager
    async def bounded(self, seconds: float) -> AsyncIterator[Transaction]:
        """A short transaction that only reads; the server ends each statement that takes longer.

        Raises:
            UnavailableError: a statement took longer, or the database cannot be reached.
        """
        async with self.transaction() as transaction:
            await transaction.rows(SQL.bound, milliseconds=round(seconds * 1000))
            yield transaction

    def stats(self) -> Mapping[str, int]:
        """The pool's own counters (connections, waits, errors)."""
        return self._pool.get_stats()

    async def close(self) -> None:
        await self._pool.close(timeout=1.0)

    async def _run(
        self, statement: Statement, params: Mapping[str, Any], *, repeatable: bool, make: AsyncRowFactory[T]
    ) -> list[T]:
        # A statement by itself that lost against another transaction did nothing: it may be run again whatever it does.
        again = (*ROLLED_BACK, *(BROKEN if repeatable else ()))
        try:
            with traces.statement(statement):
                async with asyncio.timeout(self.timeout):
                    return await retrying(lambda: self._execute(statement, params, make), RETRIES, *again)
        except GONE as error:
            raise gone(error) from error

    async def _execute(self, statement: Statement, params: Mapping[str, Any], make: AsyncRowFactory[T]) -> list[T]:
        async with self._connection() as connection:
            self.round_trips += 1
            cursor = connection.cursor(row_factory=make)
            await cursor.execute(cast("LiteralString", statement), params)
            return await fetched(cursor)

    @asynccontextmanager
    async def _connection(self, isolation: IsolationLevel | None = None) -> AsyncIterator[Connection]:
        if self._pool.closed:
            async with self._opening:
                await self._pool.open()
        async with self._pool.connection(timeout=self.timeout) as connection:
            if isolation not in (None, connection.isolation_level):
                await connection.set_isolation_level(isolation)  # sent with the next BEGIN: nothing stays on the server
            yield connection
            self._used[connection] = time.monotonic()

    async def _check(self, connection: Connection) -> None:
        if time.monotonic() - self._used.get(connection, 0.0) > FRESH:
            await AsyncConnectionPool.check_connection(connection)


async def fetched(cursor: psycopg.AsyncCursor[T]) -> list[T]:
    """The rows, if the statement has any; `description` would make an object of each column to tell that."""
    return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


Session = Database | Transaction  # what a statement may be given to


def gone(error: Exception) -> UnavailableError:
    """The database's absence as one typed error, without the connection string that drivers like to quote."""
    if isinstance(error, ROLLED_BACK):
        return LostRaceError(f"Another transaction came first ({type(error).__name__}). Try again.", retry_after=1)
    return UnavailableError(f"The database cannot be reached ({type(error).__name__}). Try again.", retry_after=5)
