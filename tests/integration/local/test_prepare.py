"""Bringing the stack's database up to date."""

import psycopg

from infra.local.prepare import current, fill, heads, upgrade
from infra.migrations import migrate


def test_the_newest_revision_is_read_as_alembic_reads_it() -> None:
    assert heads() == {migrate.head()}


def test_the_revision_of_a_database_is_read_as_alembic_reads_it(database_url: str, empty_database_url: str) -> None:
    assert current(database_url) == {migrate.current(database_url)} == heads()
    assert current(empty_database_url) == set()


def test_an_older_database_is_brought_up_to_date(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0001")
    upgrade(empty_database_url)
    assert current(empty_database_url) == heads()


def test_samples_go_into_an_empty_database_once(database_url: str) -> None:
    for _ in range(2):
        fill(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from users").fetchone() == (4,)
        assert connection.execute("select count(*) from pending_responses").fetchone() == (12,)
        assert connection.execute("select count(*), count(gifted_by) from user_items").fetchone() == (1, 1)
