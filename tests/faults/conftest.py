from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import Postgres
from infra.local.program import free_port
from infra.local.twins import TelegramConfig, TelegramTwin
from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.valkey import Valkey
from infra.migrations import migrate
from tests.integration.queue.desk import connect
from tests.nightshift import Connection
from tests.pooler import pooled

MANY = 100_000
POOL = 5  # server connections of the pooler, for however many clients


@pytest.fixture
def pooled_url(database_url: str, home: Path) -> Iterator[str]:
    """This test's database, through PgBouncer in transaction mode."""
    with pooled(database_url, home, pool=POOL) as url:
        yield url


@pytest.fixture
async def claude() -> AsyncIterator[ClaudeTwin]:
    """A Claude whose batches end at once."""
    async with ClaudeTwin(config=ClaudeConfig(batch_seconds=0.0)) as twin:
        yield twin


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramTwin]:
    """A Bot API that takes as much as it is given: limits are not what these tests are about."""
    config = TelegramConfig(overall=(MANY, 1.0), per_chat=(MANY, 1.0), per_group=(MANY, 60.0))
    async with TelegramTwin(config=config) as twin:
        yield twin


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own limits of the whole bot out of the way."""
    monkeypatch.setattr("shared.providers.telegram_limits.PER_SECOND", MANY)


@pytest.fixture
def own_postgres(home: Path) -> Iterator[Postgres]:
    """A server of this test's own, to be hurt."""
    server = Postgres(home, free_port(), max_connections=50)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database nightshift")
    migrate.upgrade(server.url())
    yield server
    server.remove()


@pytest.fixture
async def own_conn(own_postgres: Postgres) -> AsyncIterator[Connection]:
    """A connection to that server. It does not outlive a restart."""
    connection = await connect(own_postgres.url())
    yield connection
    await connection.close()


@pytest.fixture
def own_valkey(home: Path) -> Iterator[Valkey]:
    """A Redis of this test's own, to be hurt."""
    server = Valkey(home, free_port())
    server.start()
    yield server
    server.stop()
