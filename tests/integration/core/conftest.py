from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import pytest

from shared import auth
from shared.db import Database
from shared.resources import Resources
from tests import nightshift
from tests.integration.core.guarded import Clock
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


@pytest.fixture
def nobody_is_locked_out() -> Iterator[None]:
    auth._locked.clear()
    yield
    auth._locked.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of lock-outs and key sets."""
    made = Clock()
    for module in ("shared.auth", "shared.tokens"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(monotonic=made))
    return made
