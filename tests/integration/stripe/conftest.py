from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection
from tests.payments import SECRET


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, stripe_webhook_secrets=SECRET))
    yield made
    await made.close()


@pytest.fixture
async def user_id(conn: Connection) -> UUID:
    return await nightshift.user(conn)
