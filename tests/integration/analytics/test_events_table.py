"""Events by month: none is refused, none is counted twice, each is its user's (spec, section 8)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.integration.analytics.sources import USERS, Sync, event, figures, made, recomputed, refresh
from tests.integration.schema.identities import become

NOW = datetime.now(UTC)
NAMED = """
insert into session_analytics_events (user_id, session_id, event_type, created_at, client_event_id)
select %(user)s, 's', 'page_viewed', %(at)s, unnest(%(names)s::text[])
"""
PLACE = "select tableoid::regclass::text from session_analytics_events"
PARTITIONS = """
select c.relname, c.relrowsecurity, has_table_privilege('authenticated', c.oid, 'select, insert, update, delete')
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'session_analytics_events'::regclass
"""


def named(db: Sync, user: str, *names: str, at: datetime = NOW) -> int:
    """Events with the client's names; how many were taken."""
    return db.execute(NAMED, {"user": user, "at": at, "names": list(names)}).rowcount


def default_for(db: Sync, day: datetime) -> None:
    """Leave no month for a day, as if nobody had made one."""
    db.execute(f"drop table if exists nightshift.session_analytics_events_{day:%Y_%m}".encode())


def test_an_event_that_a_client_sends_again_is_passed_over(db: Sync, user: str) -> None:
    assert [named(db, user, "a", "b"), named(db, user, "b", "c"), named(db, user, "a")] == [2, 1, 0]


@pytest.mark.parametrize("days", [1, 40, 400])
def test_it_is_known_again_whatever_month_it_says(db: Sync, user: str, days: int) -> None:
    assert [named(db, user, "a"), named(db, user, "a", at=NOW - timedelta(days=days))] == [1, 0]


def test_the_same_name_of_another_user_is_another_event(db: Sync) -> None:
    assert [named(db, each, "a") for each in made(db, USERS, 2)] == [1, 1]


def test_events_without_a_name_are_all_taken(db: Sync, user: str) -> None:
    event(db, user, 0, 0, 0)
    assert db.execute(PLACE).rowcount == 3


def test_of_the_same_event_twenty_times_at_once_one_is_taken_and_counted(
    database_url: str, db: Sync, user: str
) -> None:
    def send(_: int) -> int:
        with psycopg.connect(database_url) as connection:
            return named(connection, user, "a")

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(send, range(20))) == 1
    refresh(db)
    assert figures(db)["summary"][-1] == 1


def test_an_event_of_this_month_goes_into_its_month(db: Sync, user: str) -> None:
    event(db, user, 0)
    assert db.execute(PLACE).fetchall() == [(f"nightshift.session_analytics_events_{NOW:%Y_%m}",)]


@pytest.mark.parametrize("days", [4000, -400])
def test_an_event_of_a_month_that_nobody_made_is_taken_too(db: Sync, user: str, days: int) -> None:
    event(db, user, days)
    assert db.execute(PLACE).fetchall() == [("nightshift.session_analytics_events_default",)]


def test_a_month_that_events_have_come_for_already_is_not_made(db: Sync, user: str) -> None:
    default_for(db, NOW)
    event(db, user, 0)
    assert db.execute("select nightshift.make_event_months(current_date, current_date)").fetchall() == [(0,)]
    event(db, user, 0)
    refresh(db)
    assert figures(db) == recomputed(db)


def test_while_somebody_changes_the_table_no_month_is_made_and_nobody_waits(
    database_url: str, db: Sync, user: str
) -> None:
    default_for(db, NOW)
    with psycopg.connect(database_url) as holder:
        holder.execute("lock table session_analytics_events in share update exclusive mode")
        assert db.execute("select nightshift.make_event_months(current_date, current_date)").fetchall() == [(0,)]
    assert db.execute("select nightshift.make_event_months(current_date, current_date)").fetchall() == [(1,)]


def test_partitions_are_secured_and_closed_as_the_table_is(db: Sync) -> None:
    found = db.execute(PARTITIONS).fetchall()
    assert len(found) >= 4
    assert {(secured, opened) for _, secured, opened in found} == {(True, False)}


def test_a_user_sees_their_own_events_in_every_month(database_url: str, db: Sync) -> None:
    users = made(db, USERS, 2)
    for each in users:
        event(db, each, 0, 4000)
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", users[0])
        found = connection.execute("select user_id::text from session_analytics_events").fetchall()
    assert found == [(users[0],)] * 2


def test_a_users_events_go_with_them_and_are_counted_no_more(db: Sync) -> None:
    users = made(db, USERS, 2)
    for each in users:
        event(db, each, 0, 4000, kind="explanation_opened")
    named(db, users[0], "a")
    refresh(db)
    db.execute("delete from users where id = %s", [users[0]])
    refresh(db)
    assert figures(db) == recomputed(db)
    assert left_of(db, users[0]) == {}


def left_of(db: Sync, user: str) -> dict[str, Any]:
    """In which tables of ours a user is still named."""
    tables = db.execute(
        "select format('%s', attrelid::regclass) from pg_attribute a join pg_class c on c.oid = a.attrelid "
        "where attname = 'user_id' and relkind = 'r' and relnamespace = 'nightshift'::regnamespace"
    ).fetchall()
    counts = {name: db.execute(f"select 1 from {name} where user_id = %s", [user]).rowcount for (name,) in tables}  # noqa: S608
    return {name: count for name, count in counts.items() if count}
