"""Fixtures on real services: a test gets a database and a Redis of its own, and cleans nothing up."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row
from redis import Redis

from infra.aws import osls
from tests.services import KEPT, TEMPLATE, Keeper, Services, fastest
from tests.services import services as running_services
from tests.system import require

keeper = pytest.StashKey[Keeper]()


def pytest_configure(config: pytest.Config) -> None:
    """With workers, the services start while the workers collect; without, when the first test asks."""
    if getattr(config.option, "numprocesses", None) and KEPT not in os.environ:
        config.stash[keeper] = Keeper()


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper in config.stash:
        config.stash[keeper].stop()


@pytest.fixture(scope="session")
def services(pytestconfig: pytest.Config) -> Services:
    """The PostgreSQL and the Valkey of this run, the template database migrated."""
    if KEPT not in os.environ:
        pytestconfig.stash[keeper] = Keeper()
    return running_services()


@pytest.fixture(scope="session")
def admin(services: Services) -> Iterator[psycopg.Connection]:
    with psycopg.connect(services.database_url("postgres"), autocommit=True) as connection:
        yield connection


def create(admin: psycopg.Connection, name: str, template: str) -> None:
    # In memory FILE_COPY takes 15 ms, WAL_LOG (the default) 22.
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")


def drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def database_url(services: Services, admin: psycopg.Connection) -> Iterator[str]:
    """A migrated database of this test's own."""
    name = f"test_{uuid4().hex[:12]}"
    create(admin, name, TEMPLATE)
    yield services.database_url(name)
    drop(admin, name)


@pytest.fixture
def empty_database_url(services: Services, admin: psycopg.Connection) -> Iterator[str]:
    """A database of this test's own, without any migration."""
    name = f"test_{uuid4().hex[:12]}"
    create(admin, name, "template0")
    yield services.database_url(name)
    drop(admin, name)


@pytest.fixture
async def conn(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[DictRow]]:
    """A connection to this test's database: autocommit, rows as dicts."""
    connection = await psycopg.AsyncConnection.connect(database_url, autocommit=True, row_factory=dict_row)
    async with connection:
        yield connection


@pytest.fixture
def home() -> Iterator[Path]:
    """A home for a stack of its own. In memory where there is room: initdb takes seconds on a slow disk."""
    made = Path(tempfile.mkdtemp(prefix="nightshift-home-", dir=fastest()))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def redis_url(services: Services, worker_id: str) -> Iterator[str]:
    """A Redis database of this worker's own, empty."""
    url = services.redis_url(0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1)
    with Redis.from_url(url) as client:
        client.flushdb()
        yield url


@pytest.fixture(scope="session")
def installed() -> None:
    """What package.json names, in node_modules; workers wait for the one that installs it."""
    require("npm")
    (osls.ROOT / "build").mkdir(exist_ok=True)
    with (osls.ROOT / "build" / "osls.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        osls.install()
