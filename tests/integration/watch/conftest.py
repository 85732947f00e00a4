import base64
from collections.abc import AsyncIterator

import pytest

from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"a key of twenty-four bytes").decode()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Who is told: an HTTP server on loopback that keeps what it gets."""
    async with Receiver() as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[Receiver]:
    """A second one."""
    async with Receiver() as running:
        yield running


@pytest.fixture
async def resources(database_url: str, receiver: Receiver) -> AsyncIterator[Resources]:
    """Resources of a deployment that tells one receiver, signed."""
    made = Resources(
        nightshift.settings(database_url, alert_webhook_url=f"{receiver.url}/hook", alert_webhook_secret=SECRET)
    )
    yield made
    await made.close()


@pytest.fixture
async def both(database_url: str, receiver: Receiver, other: Receiver) -> AsyncIterator[Resources]:
    """Resources of a deployment that tells two."""
    made = Resources(nightshift.settings(database_url, alert_webhook_url=f"{receiver.url}/one, {other.url}/two"))
    yield made
    await made.close()
