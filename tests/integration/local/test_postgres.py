"""The embedded PostgreSQL: starts for anybody, survives a kill, keeps its data."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import Postgres, site_packages
from infra.local.program import free_port
from shared.errors import UnavailableError
from tests.system import missing


@pytest.fixture
def postgres(home: Path) -> Iterator[Postgres]:
    server = Postgres(home, free_port(), durable=False)
    yield server
    server.remove()


@pytest.fixture
def durable(home: Path) -> Iterator[Postgres]:
    server = Postgres(home, free_port())
    yield server
    server.remove()


def ask(server: Postgres, question: str) -> object:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def test_it_starts_where_its_user_may_not_enter(postgres: Postgres) -> None:
    postgres.home.chmod(0o700)
    postgres.start()
    assert ask(postgres, "select 1") == 1
    assert postgres.place.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_binaries_that_its_user_cannot_reach_are_copied(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "site-packages").symlink_to(site_packages())
    monkeypatch.setattr("infra.local.postgres.site_packages", lambda: closed / "site-packages")
    postgres.start()
    assert ask(postgres, "select 1") == 1
    assert postgres.place.bin_dir.is_relative_to(postgres.place.away)


def test_the_same_home_finds_the_same_data(durable: Postgres) -> None:
    durable.start()
    ask(durable, "create table kept as select 7 as n")
    durable.stop()
    again = Postgres(durable.home, free_port())
    again.start()
    assert ask(again, "select n from kept") == 7
    again.stop()


def test_it_starts_again_after_a_kill(durable: Postgres) -> None:
    durable.start()
    ask(durable, "create table kept as select 7 as n")
    assert durable.process
    durable.process.kill()
    durable.start()
    assert ask(durable, "select n from kept") == 7


def test_a_half_made_data_directory_does_not_count(postgres: Postgres) -> None:
    left = postgres.place.data.with_name("postgres.new")
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18")
    if os.geteuid() == 0:
        shutil.chown(left, "nobody")
    postgres.start()
    assert ask(postgres, "select 1") == 1


def test_it_listens_on_a_socket_that_is_closed_to_others(postgres: Postgres) -> None:
    postgres.start()
    with psycopg.connect(postgres.url("postgres"), host=str(postgres.place.sockets)) as connection:
        assert connection.execute("select inet_server_addr()").fetchone() == (None,)


def test_a_taken_port_is_named(postgres: Postgres, tmp_path: Path) -> None:
    postgres.start()
    with pytest.raises(UnavailableError, match=f"Port {postgres.port} is taken"):
        Postgres(tmp_path / "other", postgres.port).start()


def test_a_server_that_does_not_start_quotes_its_log(postgres: Postgres) -> None:
    postgres.prepare()
    (postgres.place.data / "postgresql.conf").write_text("nonsense = on\n")
    with pytest.raises(UnavailableError, match="nonsense"):
        postgres.start()


def test_debians_postgresql_15_runs_the_same_way(home: Path) -> None:
    debian = Path("/usr/lib/postgresql/15/bin")
    if not debian.exists():
        missing("install Debian's postgresql-15")
    server = Postgres(home, free_port(), durable=False, bin_dir=debian)
    server.start()
    assert str(ask(server, "show server_version")).startswith("15")
    server.remove()
