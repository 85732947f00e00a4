"""Roll-ups that follow the sources: late commits, cascades, moves between months, rows past the triggers."""

import psycopg

from tests.integration.analytics.sources import USERS as NEW_USERS
from tests.integration.analytics.sources import Sync, event, figures, made, recomputed, refresh, rows, step, study

MOVE = "update session_analytics_events set created_at = created_at - interval '2 months', event_type = 'moved'"
CHANGES = b"select kind, entries from nightshift.analytics_changes order by kind"
SKIPPED = "alter table session_analytics_events disable trigger user"


def test_a_change_that_commits_late_is_counted_when_it_has(database_url: str, db: Sync, user: str) -> None:
    with psycopg.connect(database_url) as late:
        event(late, user, 0)
        event(db, user, 1)
        refresh(db)
        assert figures(db) == recomputed(db)
        late.commit()
    refresh(db)
    assert figures(db) == recomputed(db)
    assert figures(db)["summary"][-1] == 2


def test_a_change_that_is_taken_back_is_never_counted(database_url: str, db: Sync, user: str) -> None:
    with psycopg.connect(database_url) as undone:
        event(undone, user, 0)
        undone.rollback()
    assert rows(db, CHANGES) == []


def test_a_statement_leaves_one_change_a_user_and_day(db: Sync, user: str) -> None:
    event(db, user, *[0] * 500)
    assert rows(db, CHANGES) == [("events", 500)]


def test_an_update_that_changes_no_figure_leaves_no_change(db: Sync, user: str) -> None:
    event(db, user, 0)
    refresh(db)
    db.execute("""update session_analytics_events set metadata = '{"a": 1}'""")
    assert rows(db, CHANGES) == []


def test_an_event_that_moves_to_another_month_is_counted_there(db: Sync, user: str) -> None:
    event(db, user, 0, 1, kind="explanation_opened")
    refresh(db)
    db.execute(MOVE)
    refresh(db)
    assert figures(db) == recomputed(db)


def test_a_day_between_two_streaks_joins_them_and_its_loss_parts_them(db: Sync, user: str, track: str) -> None:
    study(db, user, track, 5, 6, 7, 9)
    refresh(db)
    study(db, user, track, 8)
    refresh(db)
    assert db.execute("select streak_days, streaks from analytics.streak_dropoffs").fetchall() == [(5, 1)]
    study(db, user, track, 7, done=False)
    refresh(db)
    assert db.execute("select streak_days, streaks from analytics.streak_dropoffs").fetchall() == [(2, 2)]


def test_truncating_a_source_counts_it_anew(db: Sync, user: str, track: str) -> None:
    event(db, user, 0, 400)
    study(db, user, track, 0, 1, 3)
    step(db, user, 1, "quiz", days=9, hours=3)
    refresh(db)
    db.execute("truncate user_study_log")
    refresh(db)
    assert figures(db) == recomputed(db)
    db.execute("truncate users cascade")
    refresh(db)
    assert figures(db) == recomputed(db)


def test_rows_that_came_past_the_triggers_are_counted_anew(db: Sync, track: str) -> None:
    users = made(db, NEW_USERS, 3)
    event(db, users[0], 0)
    db.execute(SKIPPED)
    for each in users:
        event(db, each, 0, 1, 400, kind="explanation_opened")
        study(db, each, track, 0, 1, 2, 5, 6)
        step(db, each, 1, "learning", days=20, hours=50)
    db.execute("select nightshift.recount_analytics()")
    refresh(db)
    assert figures(db) == recomputed(db)
    assert rows(db, CHANGES) == []


def test_counting_anew_keeps_what_was_pruned_before_the_oldest_event(db: Sync, user: str) -> None:
    event(db, user, 0, 10, 400, 410)
    refresh(db)
    before = figures(db)
    db.execute("select delete_old_analytics()")
    db.execute("select nightshift.recount_analytics()")
    refresh(db)
    assert figures(db) == before
