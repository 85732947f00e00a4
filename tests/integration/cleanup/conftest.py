from collections.abc import AsyncIterator

import pytest

from shared.resources import Resources
from tests import nightshift


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()
