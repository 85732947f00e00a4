"""Old events go, oldest first, and what was counted stays counted (seed 000, tasks 5 and 6; spec, section 7)."""

from collections.abc import Iterator

import psycopg
import pytest

from infra.migrations import migrate
from tests.integration.analytics.sources import USERS, Sync, event, figures, made, refresh

YEAR = 365
AGES = "select (now()::date - created_at::date) from session_analytics_events order by created_at"
UNPARTITIONED = """
create table session_analytics_events (
    id uuid primary key default gen_random_uuid(),
    session_id text not null, event_type text not null, user_id uuid,
    metadata jsonb default '{}', created_at timestamptz not null default now())
"""


def ages(db: Sync) -> list[int]:
    """How many days old the events are that are left, the oldest first."""
    return [row[0] for row in db.execute(AGES).fetchall()]


def deleted(db: Sync, arguments: str = "") -> object:
    """The function's whole answer."""
    [(answer,)] = db.execute(f"select delete_old_analytics({arguments})").fetchall()
    return answer


@pytest.fixture
def unpartitioned(empty_database_url: str) -> Iterator[Sync]:
    """A database that had a table of events before it was migrated."""
    migrate.upgrade(empty_database_url, "0019")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(UNPARTITIONED)
        migrate.upgrade(empty_database_url)
        yield connection


def test_a_year_and_1000_unless_told(db: Sync, user: str) -> None:
    event(db, user, *[YEAR + 2] * 1001, YEAR - 2)
    assert [deleted(db), deleted(db), deleted(db)] == [{"deleted": 1000}, {"deleted": 1}, {"deleted": 0}]
    assert ages(db) == [YEAR - 2]


def test_how_old_and_how_many_can_be_told(db: Sync, user: str) -> None:
    event(db, user, 9, 10, 11, 12)
    assert deleted(db, "cutoff_interval => '10 days 1 hour', batch_limit => 1") == {"deleted": 1}
    assert deleted(db, "'10 days 1 hour'") == {"deleted": 1}
    assert ages(db) == [10, 9]


def test_the_oldest_go_first(db: Sync, user: str) -> None:
    event(db, user, 400, 900, 500, 30, 800)
    deleted(db, "'1 year', 2")
    assert ages(db) == [500, 400, 30]


def test_what_somebody_holds_is_passed_over(database_url: str, db: Sync, user: str) -> None:
    event(db, user, 400, 500)
    with psycopg.connect(database_url) as holder:
        holder.execute("select 1 from session_analytics_events order by created_at limit 1 for update")
        assert deleted(db) == {"deleted": 1}
    assert ages(db) == [500]


def test_what_was_counted_stays_counted(db: Sync, user: str) -> None:
    event(db, user, 0, 3, 40, 380, 400, 410)
    refresh(db)
    before = figures(db)
    assert deleted(db) == {"deleted": 3}
    refresh(db)
    assert figures(db) == before
    assert before["summary"][-1] == 6


def test_what_was_pruned_before_it_was_counted_is_counted(db: Sync, user: str) -> None:
    event(db, user, 0, 400)
    deleted(db)
    refresh(db)
    assert figures(db)["summary"][-1] == 2


def test_what_is_deleted_otherwise_is_counted_no_more(db: Sync, user: str) -> None:
    event(db, user, 0, 400)
    deleted(db)
    db.execute("delete from session_analytics_events")
    refresh(db)
    assert figures(db)["summary"][-1] == 1


def test_a_table_of_events_that_was_there_before_stays_and_counts(unpartitioned: Sync) -> None:
    [user] = made(unpartitioned, USERS, 1)
    event(unpartitioned, user, 0, 400)
    refresh(unpartitioned)
    assert figures(unpartitioned)["summary"][-1] == 2
    assert deleted(unpartitioned) == {"deleted": 1}
    assert unpartitioned.execute("select nightshift.make_event_months(current_date, current_date)").fetchall() == [(0,)]
    assert unpartitioned.execute("select * from nightshift.drop_event_month('1 year')").fetchall() == []


def test_events_that_were_there_before_are_counted_by_the_migration(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url, "0019")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(UNPARTITIONED)
        [user] = made(connection, USERS, 1)
        event(connection, user, 0, 1)
        migrate.upgrade(empty_database_url)
        assert figures(connection)["summary"][-1] == 2
        migrate.downgrade(empty_database_url, "0019")
        assert len(ages(connection)) == 2
        migrate.upgrade(empty_database_url)
        assert figures(connection)["summary"][-1] == 2
