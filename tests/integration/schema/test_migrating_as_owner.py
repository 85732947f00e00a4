"""Managed servers: whoever owns the database is no superuser there, and extensions may stand in `public` already."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.migrations import migrate
from tests.conftest import create, drop
from tests.services import Services

EXTENSIONS = "select extnamespace::regnamespace::text from pg_extension where extname = any ('{vector, pg_trgm}')"


@pytest.fixture
def owner(admin: psycopg.Connection) -> Iterator[str]:
    """A role that may log in and no more."""
    name = f"owner_{uuid4().hex[:12]}"
    admin.execute(SQL("create role {} login").format(Identifier(name)))
    yield name
    drop(admin, name)
    admin.execute(SQL("drop role {}").format(Identifier(name)))


@pytest.fixture
def owned_url(services: Services, admin: psycopg.Connection, owner: str, database_url: str) -> str:
    """The owner's database, with the extension that a superuser has to install; the roles are there already."""
    create(admin, owner, "template0")
    admin.execute(SQL("alter database {0} owner to {0}").format(Identifier(owner)))
    with psycopg.connect(services.database_url(owner)) as conn:
        conn.execute("create schema extensions; grant usage, create on schema extensions to public")
        conn.execute("create extension vector schema extensions")
    return services.database_url(owner).replace("postgres@", f"{owner}@")


def test_an_owner_who_is_no_superuser_migrates_down_and_up(owned_url: str) -> None:
    migrate.upgrade(owned_url)
    migrate.downgrade(owned_url, "base")
    migrate.upgrade(owned_url)
    assert migrate.current(owned_url) == migrate.head()


def test_an_owner_who_is_no_superuser_sees_every_row(owned_url: str) -> None:
    migrate.upgrade(owned_url)
    with psycopg.connect(owned_url) as conn:
        conn.execute("insert into users default values")
        assert conn.execute("select count(*) from users").fetchone() == (1,)


def test_ac_t18_2_extensions_move_out_of_public(empty_database_url: str) -> None:
    """AC-T18.2: and what was there before stays when the migration is taken back."""
    with psycopg.connect(empty_database_url) as conn:
        conn.execute("create extension vector; create extension pg_trgm")
    migrate.upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "base")
    with psycopg.connect(empty_database_url) as conn:
        assert conn.execute(EXTENSIONS).fetchall() == [("extensions",)] * 2
