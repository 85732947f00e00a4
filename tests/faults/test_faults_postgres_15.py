"""The oldest PostgreSQL that is supported: the migrations up, down and up, and the queues' whole life (section 10)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import Postgres
from infra.local.program import free_port
from infra.migrations import migrate
from infra.migrations.schema import METADATA
from tests.integration.schema.player_rows import fill
from tests.integration.schema.test_autogenerate import differences
from tests.lambda_runtime import ROOT
from tests.services import KEPT, PG_BIN
from tests.system import missing

BIN = Path("/usr/lib/postgresql/15/bin")
LIFE = ("claim", "settle", "plan", "breaker", "letters", "named", "lanes", "hot_lanes", "races")
OTHERS = ("decay/test_daily_decay.py", "decay/test_decay_races.py")
LEFT = """
select coalesce(string_agg(what, ', '), '') from (
    select 'table ' || oid::regclass as what from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p') and relname <> 'alembic_version'
    union all select 'function ' || oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'schema ' || nspname from pg_namespace where nspname in ('nightshift', 'analytics')) found
"""

UNORDERED = """
with ids as (select n, nightshift.uuid7() as id from generate_series(1, 1000) n)
select count(*) from (select lag(id) over (order by n) > id as before from ids) pairs where before
"""


@pytest.fixture
def fifteen(home: Path) -> Iterator[str]:
    """A database on PostgreSQL 15."""
    if not BIN.is_dir():
        missing("install Debian's postgresql-15")
    server = Postgres(home, free_port(), durable=False, max_connections=20, bin_dir=BIN)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database nightshift")
    yield server.url()
    server.remove()


def one(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        return (connection.execute(statement.encode()).fetchone() or (None,))[0]


def test_the_migrations_go_up_and_down_and_up_again(fifteen: str) -> None:
    assert str(one(fifteen, "show server_version")).startswith("15.")
    migrate.upgrade(fifteen)
    with psycopg.connect(fifteen) as connection:
        fill(connection)
    migrate.downgrade(fifteen, "base")
    assert one(fifteen, LEFT) == ""
    migrate.upgrade(fifteen)
    assert migrate.current(fifteen) == migrate.head()


def test_without_the_extension_the_nearest_messages_are_found_all_the_same(fifteen: str) -> None:
    migrate.upgrade(fifteen)
    with psycopg.connect(fifteen) as connection:
        user = fill(connection)
        connection.execute(
            "insert into message_embeddings (user_id, conversation_id, role, message_text, embedding) "
            "select user_id, conversation_id, 'user', 'away', array_fill(-1::real, array[1536]) from message_embeddings"
        )
        found = connection.execute(
            "select message_text, round(distance) "
            "from nightshift.nearest_messages(%s, array_fill(1::real, array[1536]), 5)",
            [user],
        ).fetchall()
    assert found == [("hello", 0.0), ("away", 2.0)]


def test_without_the_extension_the_description_of_the_tables_holds(fifteen: str) -> None:
    migrate.upgrade(fifteen)
    assert differences(fifteen, METADATA) == []


def test_ids_are_ordered_by_time_without_the_servers_help(fifteen: str) -> None:
    migrate.upgrade(fifteen, "0001")
    assert one(fifteen, UNORDERED) == 0
    assert one(fifteen, "select substr(nightshift.uuid7()::text, 15, 1)") == "7"
    assert one(fifteen, "select substr(nightshift.uuid7()::text, 20, 1) in ('8', '9', 'a', 'b')") is True


@pytest.mark.timeout(600)
def test_the_queues_live_there_as_they_do_here() -> None:
    if not BIN.is_dir():
        missing("install Debian's postgresql-15")
    files = [f"tests/integration/queue/test_queue_{part}.py" for part in LIFE]
    files += [f"tests/integration/{file}" for file in OTHERS]
    env = {name: value for name, value in os.environ.items() if name != KEPT and not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env=env | {PG_BIN: str(BIN)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
