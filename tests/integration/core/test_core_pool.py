"""How many connections, for how long, and in what state (seed 002, T11; spec, section 6)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol, TypeVar

import pytest
from psycopg_pool import AsyncConnectionPool

from shared import db as shared_db
from shared.db import Database
from shared.errors import UnavailableError
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection

ME = b"select pg_backend_pid() as pid"
T = TypeVar("T", Database, Resources)


class Closing(Protocol):
    def __call__(self, thing: T, /) -> T: ...


@pytest.fixture
async def closing() -> AsyncIterator[Closing]:
    """Hands on what it is given, and closes it when the test is over, however that went."""
    async with AsyncExitStack() as stack:

        def kept(thing: T) -> T:
            stack.push_async_callback(thing.close)
            return thing

        yield kept


async def held(database: Database, connections: int) -> None:
    """Use so many connections at once: nobody is done before all are there."""
    all_there = asyncio.Barrier(connections)

    async def one() -> None:
        async with database.transaction() as session:
            await session.rows(ME)
            await all_there.wait()

    await asyncio.gather(*(one() for _ in range(connections)))


async def test_ac_t11_1_a_service_keeps_five_connections_and_has_twenty_at_most(
    database_url: str, closing: Closing
) -> None:
    """AC-T11.1."""
    made = closing(Database.for_service(database_url))
    await made.rows(ME)
    await made._pool.wait()
    assert made.stats()["pool_size"] >= 5
    await held(made, 20)
    assert (made.stats()["pool_min"], made.stats()["pool_max"], made.stats()["pool_size"]) == (5, 20, 20)


async def test_ac_t11_1_a_functions_instance_keeps_none_and_has_four_at_most(
    database_url: str, closing: Closing
) -> None:
    """AC-T11.1: each instance has a pool of its own, and there may be very many."""
    resources = closing(Resources(nightshift.settings(database_url)))
    await resources.db.rows(ME)
    assert [resources.db.stats()[name] for name in ("pool_min", "pool_max", "pool_size")] == [0, 4, 1]


async def test_ac_t11_1_settings_decide(database_url: str, closing: Closing) -> None:
    """AC-T11.1."""
    resources = closing(Resources(nightshift.settings(database_url, db_pool_min=2, db_pool_max=3)))
    assert [resources.db._pool.min_size, resources.db._pool.max_size] == [2, 3]


async def test_ac_t11_2_whoever_waits_longer_than_the_limit_is_told(database_url: str, closing: Closing) -> None:
    """AC-T11.2: after 30 seconds in a service; here after a tenth of one."""
    assert Database.for_service(database_url).timeout == 30
    made = closing(Database(database_url, pool_max=1, timeout=0.1))
    async with made.transaction():
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            await made.rows(ME)
        with pytest.raises(UnavailableError, match="PoolTimeout"):
            async with made.transaction():
                raise AssertionError
        assert 0.2 <= time.monotonic() - began < 5


async def test_ac_t11_3_a_connection_is_replaced_after_half_an_hour(database_url: str, closing: Closing) -> None:
    """AC-T11.3: the time is the pool's to keep; a connection whose time is over is not used again."""
    made = closing(Database.for_service(database_url))
    assert made._pool.max_lifetime == 1800


async def test_ac_t11_3_one_that_is_too_old_is_not_used_again(
    database_url: str, closing: Closing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AC-T11.3."""
    monkeypatch.setattr(shared_db, "RECYCLE", 1e-6)
    made = closing(Database(database_url))
    pids = {(await made.row(ME) or {})["pid"] for _ in range(3)}
    assert len(pids) == 3


async def test_ac_t11_4_a_connection_is_checked_before_it_is_used(
    database_url: str, closing: Closing, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AC-T11.4: unless it was used a moment ago; one that fails is replaced, and nobody notices."""
    made = closing(Database.for_service(database_url))
    await held(made, 5)
    await conn.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    monkeypatch.setattr(shared_db, "FRESH", -1.0)
    await asyncio.gather(*(made.rows(ME) for _ in range(10)))
    async with made.transaction() as session:
        assert await session.rows(ME)


async def test_ac_t11_4_one_that_was_just_used_is_not_checked(
    database_url: str, closing: Closing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AC-T11.4: a check costs a round trip."""
    checked = []

    async def check(connection: Connection) -> None:
        checked.append(connection)

    monkeypatch.setattr(AsyncConnectionPool, "check_connection", staticmethod(check))
    made = closing(Database(database_url))
    for _ in range(3):
        await made.rows(ME)
    assert len(checked) <= 1
