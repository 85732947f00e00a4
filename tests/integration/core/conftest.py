from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """An HTTP server on loopback that keeps what it gets."""
    async with Receiver() as running:
        yield running


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    """Resources on the test's database."""
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()
