from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from shared.resources import Resources
from tests import nightshift
from tests.integration.queue.desk import EMAILS, QUEUES, REPLIES, Desk, connect
from tests.nightshift import Connection


@pytest.fixture(params=QUEUES, ids=lambda queue: queue.table)
def desk(request: pytest.FixtureRequest, conn: Connection) -> Desk:
    """Each of the queues in turn."""
    return Desk(conn, request.param)


@pytest.fixture
def replies(conn: Connection) -> Desk:
    """The queue whose rows go out in order within each chat."""
    return Desk(conn, REPLIES)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Connection]:
    """A second worker's connection."""
    async with await connect(database_url) as connection:
        yield connection


@pytest.fixture
async def emails(conn: Connection) -> Desk:
    """The email queue at the real time: the pipeline asks the database's own clock."""
    desk = Desk(conn, EMAILS)
    desk.now = datetime.now(UTC)
    return desk


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    """Resources on the test's database."""
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()
