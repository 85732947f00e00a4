"""Work that is done as a whole or not at all, over a pool or inside a transaction that is there already.

Under `@atomic`, `async def give(session, ...)` called as `give(db, ...)` is a transaction of its own, tried again where
it lost a race; called as `give(session, ...)` in another such function it is a savepoint of that transaction.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from psycopg import IsolationLevel

from shared import sql
from shared.db import READ_COMMITTED, Database, Session, Transaction
from shared.errors import LostRaceError
from shared.retry import retrying

TRIES = 3  # of a transaction that lost against another one: a deadlock, or an order that could not be serialized

SQL = sql.beside(__file__, "transactions.sql")

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Transaction, P], Awaitable[T]]
Atomic = Callable[Concatenate[Session, P], Coroutine[Any, Any, T]]


@overload
def atomic(work: Work[P, T]) -> Atomic[P, T]: ...
@overload
def atomic(*, isolation: IsolationLevel) -> Callable[[Work[P, T]], Atomic[P, T]]: ...


def atomic(
    work: Work[P, T] | None = None, *, isolation: IsolationLevel = READ_COMMITTED
) -> Atomic[P, T] | Callable[[Work[P, T]], Atomic[P, T]]:
    """Run an async function in a transaction of the database that it is given first.

    Given a `Transaction`, it runs in a savepoint of that. Only a whole transaction is tried again when it lost a race,
    three times in all with growing, jittered waits: the function does nothing that a rollback does not take back.

    Raises:
        LostRaceError: it lost every time.
        ValueError: inside a transaction that is less isolated than this function wants.
    """

    def decorated(work: Work[P, T]) -> Atomic[P, T]:
        @wraps(work)
        async def whole(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
            async def once() -> T:
                async with transaction(session, isolation) as inside:
                    return await work(inside, *args, **kwargs)

            tries = TRIES if isinstance(session, Database) else 1
            return await retrying(once, tries, LostRaceError)

        return whole

    return decorated(work) if work else decorated


@asynccontextmanager
async def transaction(session: Session, isolation: IsolationLevel = READ_COMMITTED) -> AsyncIterator[Transaction]:
    """One transaction, or a savepoint of the one that is given. A `with` cannot be run again: see `atomic`.

    Raises:
        LostRaceError: it was rolled back for the sake of another transaction.
        ValueError: inside a transaction that is less isolated than this.
    """
    if isinstance(session, Database):
        async with session.transaction(isolation) as inside:
            yield inside
    else:
        if isolation > (session.connection.isolation_level or READ_COMMITTED):
            raise ValueError(f"A {isolation.name} part cannot stand inside a transaction that is less isolated.")
        async with session.savepoint() as inside:
            yield inside


@asynccontextmanager
async def limited(db: Database, seconds: float) -> AsyncIterator[Transaction]:
    """A transaction that gives up each statement after so many seconds; one by itself ends after DB_TIMEOUT.

    Raises:
        UnavailableError: as any transaction; its cause is a `QueryCanceled` where a statement took longer.
    """
    async with db.transaction() as inside:
        await inside.rows(SQL.limit, limit=f"{seconds * 1000:.0f}ms")
        yield inside
