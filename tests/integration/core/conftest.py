from collections.abc import AsyncIterator
from typing import Any

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
async def resources(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Resources]:
    """Resources on the test's database; a parameter overrides settings."""
    overrides: dict[str, Any] = getattr(request, "param", {})
    made = Resources(nightshift.settings(database_url, **overrides))
    yield made
    await made.close()
