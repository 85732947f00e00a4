"""The console on a database of this test's own, and an operator before it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared import auth
from shared.resources import Resources
from tests import nightshift
from tests.integration.console.operating import Operator
from tests.players import SECRET as TOKENS


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, jwt_secret=TOKENS))
    yield made
    await made.close()


@pytest.fixture
def stranger(resources: Resources) -> Any:
    """Somebody before the sign-in page; nobody is locked out yet."""
    auth._locked.clear()
    return Operator(resources)


@pytest.fixture
async def operator(stranger: Operator) -> Operator:
    """Somebody who is signed in."""
    await stranger.sign_in()
    return stranger
