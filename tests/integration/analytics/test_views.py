"""What each figure means, by example; the routines that seed 004 lists (spec, section 8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.migrations import migrate
from tests.integration.analytics.sources import (
    TRACKS,
    USERS,
    VIEWS,
    WEEKLY,
    Sync,
    broken,
    event,
    made,
    refresh,
    shown,
    step,
    study,
)

TODAY = datetime.now(UTC).date()
ROUTINES = """
select routine_name::text from information_schema.routines where routine_schema = 'analytics' order by routine_name
"""
LISTED = [
    *(f"get_{name}" for name in ("active_learning_days", "cron_job_status", "explanation_engagement")),
    *(f"get_{name}" for name in ("popular_tracks", "quiz_completion_rates", "review_session_usage")),
    *(f"get_{name}" for name in ("streak_dropoffs", "summary_stats")),
    *("health_check", "manual_refresh", "refresh_all_views"),
]
UNIQUE = """
select c.relname from pg_class c where c.relnamespace = 'analytics'::regnamespace and c.relkind = 'm'
and exists (
    select from pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indexprs is null)
"""
EXPLAINED = """
select proname from pg_proc where pronamespace = 'analytics'::regnamespace and obj_description(oid, 'pg_proc') is null
"""
COMPLETE = """
update learning_path set completed_at = unlock_date::timestamp at time zone 'utc' + interval '90 minutes'
"""
EVERY_ROW = "select coalesce(max(xmin::text::bigint), 0) from analytics.{}"


def day(ago: int) -> Any:
    return TODAY - timedelta(days=ago)


def monday(ago: int) -> Any:
    return day(ago) - timedelta(days=day(ago).weekday())


def test_the_routines_are_those_that_are_listed(db: Sync) -> None:
    assert [name for (name,) in db.execute(ROUTINES).fetchall()] == LISTED


def test_every_function_explains_itself(db: Sync) -> None:
    assert db.execute(EXPLAINED).fetchall() == []


def test_every_view_has_what_a_concurrent_refresh_wants(db: Sync) -> None:
    assert {name for (name,) in db.execute(UNIQUE).fetchall()} == set(VIEWS)


def test_a_reader_of_a_view_does_not_wait_for_its_refresh(database_url: str, db: Sync, user: str) -> None:
    event(db, user, 0)
    with psycopg.connect(database_url) as reader:
        reader.execute("select * from analytics.summary_stats")
        db.execute("set lock_timeout = '2s'")
        refresh(db)


def test_the_views_are_filled_by_the_migration(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        filled = "select count(*) from pg_matviews where schemaname = 'analytics' and ispopulated"
        assert connection.execute(filled).fetchall() == [(7,)]
        assert connection.execute("select total_users from analytics.summary_stats").fetchall() == [(0,)]
        told = connection.execute("select view_name, last_refresh is not null from analytics.health_check()").fetchall()
    assert told == [(view, True) for view in VIEWS]


def test_a_view_that_is_empty_is_filled_by_its_refresh(db: Sync, user: str) -> None:
    db.execute("refresh materialized view analytics.summary_stats with no data")
    refresh(db)
    assert shown(db, "summary_stats", "total_users") == [(1,)]


def test_a_view_that_fails_stops_no_other_and_is_reported(db: Sync, user: str) -> None:
    broken(db)
    found = db.execute("select view_name, row_count, error from analytics.refresh_all_views()").fetchall()
    assert [name for name, _, _ in found] == list(VIEWS)
    assert {name: error for name, _, error in found if error} == {"streak_dropoffs": "55000"}
    assert shown(db, "summary_stats", "total_users") == [(1,)]


def test_learning_days_are_counted_in_all_and_of_the_last_7_and_30(db: Sync, user: str) -> None:
    for track in made(db, TRACKS, 2):
        study(db, user, track, 0, 6, 7, 29, 30, 400)
    refresh(db)
    assert [row[1:] for row in shown(db, "active_learning_days")] == [(6, 2, 4, day(400), day(0))]


def test_who_completed_nothing_has_no_learning_days(db: Sync, user: str, track: str) -> None:
    study(db, user, track, 0, done=False)
    event(db, user, 0)
    refresh(db)
    assert shown(db, "active_learning_days") == []


def test_a_track_has_its_users_and_what_they_completed_of_what_was_scheduled(db: Sync) -> None:
    (taken, idle), users = made(db, TRACKS, 2), made(db, USERS, 3)
    for each in users:
        study(db, each, taken, 0)
    study(db, users[0], taken, 1, 2, done=False)
    refresh(db)
    found = {str(row[0]): row[1:] for row in shown(db, "popular_tracks")}
    assert [float(figure or -1) for figure in found[taken][2:]] == [3, 3, 5, 60.0]
    assert found[idle] == ("Track 2", "daily", 0, 0, 0, None)


def test_a_streak_has_ended_when_a_whole_day_has_passed_without(db: Sync, track: str) -> None:
    goes_on, ended, old, before = made(db, USERS, 4)
    study(db, goes_on, track, 1, 2, 3)
    study(db, ended, track, 2, 3, 4)
    study(db, ended, track, 9)
    study(db, old, track, 180)
    study(db, before, track, 181)
    refresh(db)
    found = [(days, streaks, float(share)) for days, streaks, share in shown(db, "streak_dropoffs")]
    assert found == [(1, 2, 66.67), (3, 1, 33.33)]


@pytest.mark.parametrize(("view", "kind"), WEEKLY.items())
def test_steps_are_counted_by_the_week_in_which_they_unlocked(db: Sync, user: str, view: str, kind: str) -> None:
    step(db, user, 1, kind, days=20)
    db.execute(COMPLETE)
    step(db, user, 2, kind, days=20)
    step(db, user, 3, kind, days=98)
    step(db, user, 4, kind, days=-8)
    refresh(db)
    [row] = shown(db, view, "week_start", "users", "unlocked", "completed", "completion_rate", "avg_hours_to_complete")
    assert (row[0], *map(float, row[1:])) == (monday(20), 1, 2, 1, 50.0, 1.5)


def test_explanations_that_were_opened_have_readers(db: Sync) -> None:
    for each, times in zip(made(db, USERS, 2), (1, 3), strict=True):
        event(db, each, *[14] * times, kind="explanation_opened")
    refresh(db)
    assert shown(db, "explanation_engagement", "week_start", "unlocked", "opened", "readers") == [(monday(14), 0, 4, 2)]


def test_the_summary_has_who_was_active_and_what_there_is_in_all(db: Sync, track: str) -> None:
    today, last_week, last_month, long_ago, never = made(db, USERS, 5)
    for each, days in ((today, 0), (last_week, 6), (last_month, 29), (long_ago, 30)):
        event(db, each, days)
    study(db, never, track, 3, done=False)
    study(db, long_ago, track, 7)
    columns = ("total_users", "total_learners", "total_learning_days", "active_users_7d", "active_users_30d")
    refresh(db)
    assert shown(db, "summary_stats", *columns) == [(5, 1, 1, 2, 4)]
    totals = ("total_tracks", "total_scheduled", "total_completions", "study_completion_rate", "total_events")
    assert [float(figure) for figure in shown(db, "summary_stats", *totals)[0]] == [1, 2, 1, 50.0, 4]


def test_rows_that_did_not_change_are_not_written_again(db: Sync, user: str, track: str) -> None:
    study(db, user, track, 0)
    refresh(db)
    newest = SQL(EVERY_ROW).format(Identifier("active_learning_days"))
    before = db.execute(newest).fetchall()
    refresh(db)
    assert db.execute(newest).fetchall() == before


def test_weeks_are_read_newest_first_and_tracks_by_their_users(db: Sync) -> None:
    _, popular = made(db, TRACKS, 2)
    [user] = made(db, USERS, 1)
    study(db, user, popular, 0)
    for index, days in enumerate((21, 7, 14)):
        step(db, user, index, "quiz", days=days)
    refresh(db)
    weeks = db.execute("select week_start from analytics.get_quiz_completion_rates()").fetchall()
    tracks = db.execute("select title from analytics.get_popular_tracks()").fetchall()
    assert (weeks, tracks) == ([(monday(7),), (monday(14),), (monday(21),)], [("Track 2",), ("Track 1",)])
