import json
from collections.abc import AsyncIterator

import pytest

from infra.local import keys
from infra.local.google_key import private_key
from infra.local.twins.push import PushTwin
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.receiver import Receiver


@pytest.fixture
async def twin() -> AsyncIterator[PushTwin]:
    async with PushTwin() as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where alerts go."""
    async with Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def key() -> str:
    return private_key()


@pytest.fixture
async def resources(database_url: str, twin: PushTwin, receiver: Receiver, key: str) -> AsyncIterator[Resources]:
    account = {"client_email": "a@b.example", "private_key": key, "token_uri": f"{twin.url}/token"}
    made = Resources(
        nightshift.settings(
            database_url,
            expo_api_base=twin.url,
            expo_access_token=keys.EXPO_KEY,
            fcm_api_base=twin.url,
            fcm_project_id=keys.FCM_PROJECT,
            fcm_service_account=json.dumps(account),
            push_timeout="1s",
            alert_webhook_url=f"{receiver.url}/alerts",
        )
    )
    yield made
    await made.close()
