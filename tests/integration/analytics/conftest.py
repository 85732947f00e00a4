"""A database to write into, and resources of a function on the same one."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from shared.resources import Resources
from tests import nightshift
from tests.integration.analytics.sources import TRACKS, USERS, Sync, made


@pytest.fixture
def db(database_url: str) -> Iterator[Sync]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def user(db: Sync) -> str:
    return made(db, USERS, 1)[0]


@pytest.fixture
def track(db: Sync) -> str:
    return made(db, TRACKS, 1)[0]


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url))
    yield made
    await made.close()
