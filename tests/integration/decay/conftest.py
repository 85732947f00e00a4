"""Connections for races: who comes second, and who sees that they wait."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.nightshift import Connection


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Connection]:
    connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row)
    async with connection:
        yield connection


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator[Connection]:
    connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row)
    async with connection:
        yield connection
