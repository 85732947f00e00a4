from collections.abc import AsyncIterator

import pytest

from shared.db import Database
from shared.repositories.users import Profile, User, UserRepository


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


@pytest.fixture
async def ann(db: Database) -> User:
    """A player in the first chapter, with a score of 50."""
    return await UserRepository(db).create(Profile(telegram_id=7, timezone="Pacific/Auckland"))
