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
from psycopg.rows import AsyncRowFactory, dict_row, tuple_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from shared.errors import UnavailableError
from shared.retry import retrying

FRESH = 5.0  # seconds since its last use for which a pooled connection is trusted without a check
RECYCLE = 1800.0  # seconds after which a connection is replaced (spec, section 6)
RECONNECT = 2.0  # seconds of reconnection attempts; later callers start new ones, so recovery is quick
RETRIES = 3  # tries of a repeatable statement when its connection breaks, and of any that was rolled back for another

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

    async def rows(self, statement: Statement, **params: Any) -> list[Row]:
        cursor = await self.connection.execute(cast("LiteralString", statement), params)
        return await cursor.fetchall() if cursor.description else []

    async def row(self, statement: Statement, **params: Any) -> Row | None:
        return next(iter(await self.rows(statement, **params)), None)


class Database:
    """The pool, opened by the first statement.

    Attributes:
        round_trips: statements and transaction ends sent so far; budgets in tests and metrics read it.
    """

    def __init__(self, url: str, *, pool_max: int = 4, timeout: float = 5.0) -> None:
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
            min_size=0,
            max_size=pool_max,
            max_lifetime=RECYCLE,
            reconnect_timeout=RECONNECT,
            check=self._check,
            open=False,
        )
        self._opening = asyncio.Lock()

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
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A short transaction. Call no provider inside it.

        Raises:
            UnavailableError: the database cannot be reached in time, or went away in between.
        """
        try:
            async with self._connection() as connection, connection.transaction():
                self.round_trips += 2
                yield Transaction(connection)
        except GONE as error:
            raise gone(error) from error

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
            async with asyncio.timeout(self.timeout):
                return await retrying(lambda: self._execute(statement, params, make), RETRIES, *again)
        except GONE as error:
            raise gone(error) from error

    async def _execute(self, statement: Statement, params: Mapping[str, Any], make: AsyncRowFactory[T]) -> list[T]:
        async with self._connection() as connection:
            self.round_trips += 1
            cursor = connection.cursor(row_factory=make)
            await cursor.execute(cast("LiteralString", statement), params)
            return await cursor.fetchall() if cursor.description else []

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._pool.closed:
            async with self._opening:
                await self._pool.open()
        async with self._pool.connection(timeout=self.timeout) as connection:
            yield connection
            self._used[connection] = time.monotonic()

    async def _check(self, connection: Connection) -> None:
        if time.monotonic() - self._used.get(connection, 0.0) > FRESH:
            await AsyncConnectionPool.check_connection(connection)


def gone(error: Exception) -> UnavailableError:
    """The database's absence as one typed error, without the connection string that drivers like to quote."""
    return UnavailableError(f"The database cannot be reached ({type(error).__name__}). Try again.", retry_after=5)
