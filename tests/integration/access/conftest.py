from collections.abc import AsyncIterator, Iterator

import pytest

from shared import auth
from shared.resources import Resources
from tests import nightshift, players
from tests.integration.access import others
from tests.integration.core.oidc import public
from tests.integration.core.receiver import Receiver
from tests.nightshift import Connection


@pytest.fixture
def nobody_is_locked_out() -> Iterator[None]:
    auth._locked.clear()
    yield
    auth._locked.clear()


@pytest.fixture
async def resources(database_url: str, redis_url: str, nobody_is_locked_out: None) -> AsyncIterator[Resources]:
    """A deployment that knows both a secret and published keys."""
    async with Receiver() as receiver:
        receiver.answers["/certs"] = public("k-1")
        settings = {"jwt_secret": players.SECRET, "jwks_url": f"{receiver.url}/certs", "redis_url": redis_url}
        made = Resources(nightshift.settings(database_url, **settings))
        yield made
        await made.close()


@pytest.fixture
async def world(conn: Connection) -> others.World:
    return await others.made(conn)
