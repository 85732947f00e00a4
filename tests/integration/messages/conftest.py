from collections.abc import AsyncIterator

import pytest

from shared.resources import Resources
from tests import players


@pytest.fixture
async def resources(database_url: str, redis_url: str) -> AsyncIterator[Resources]:
    made = players.resources(database_url, redis_url=redis_url)
    yield made
    await made.close()
