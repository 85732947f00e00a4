from collections.abc import AsyncIterator

import pytest

from shared.partners import Partners
from shared.resources import Resources
from tests import players


@pytest.fixture
async def resources(database_url: str, redis_url: str) -> AsyncIterator[Resources]:
    """Resources with the test's database and Redis."""
    made = players.resources(database_url, redis_url=redis_url)
    yield made
    await made.close()


@pytest.fixture
def partners(resources: Resources) -> Partners:
    return resources.partners
