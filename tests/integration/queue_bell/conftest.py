from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.queue.bell import Bell
from tests.integration.queue.desk import EMAILS, QUEUES, Desk, connect
from tests.integration.queue_bell.waiters import bell_of
from tests.nightshift import Connection
from tests.pooler import pooled


@pytest.fixture(params=QUEUES, ids=lambda queue: queue.table)
def desk(request: pytest.FixtureRequest, conn: Connection) -> Desk:
    """Each of the queues in turn, at the real time."""
    return Desk(conn, request.param, datetime.now(UTC))


@pytest.fixture
def emails(conn: Connection) -> Desk:
    return Desk(conn, EMAILS, datetime.now(UTC))


@pytest.fixture
async def bell(database_url: str) -> AsyncIterator[Bell]:
    """The bell of a run that works the email queue."""
    async with bell_of(database_url) as made:
        yield made


@pytest.fixture
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look finds anything in time: what ends a wait is a ring, or a row's time."""
    monkeypatch.setattr("shared.queue.bell.SHORTEST", 60.0)


@pytest.fixture
async def listener(database_url: str) -> AsyncIterator[Connection]:
    """Hears every queue's channel, and the one that ends a test's listening."""
    async with await connect(database_url) as connection:
        for channel in (*(queue.table for queue in QUEUES), "end"):
            await connection.execute(f'listen "nightshift.{channel}"')
        yield connection


@pytest.fixture
def pooled_url(database_url: str, home: Path) -> Iterator[str]:
    """This test's database, through a pooler in transaction mode."""
    with pooled(database_url, home) as url:
        yield url
