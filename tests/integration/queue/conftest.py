from collections.abc import AsyncIterator

import pytest

from tests.integration.queue.desk import QUEUES, REPLIES, Desk, connect
from tests.nightshift import Connection


@pytest.fixture(params=QUEUES, ids=lambda queue: queue.table)
def desk(request: pytest.FixtureRequest, conn: Connection) -> Desk:
    """Each of the three queues in turn."""
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
