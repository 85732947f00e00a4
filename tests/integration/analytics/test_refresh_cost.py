"""A refresh looks at what has changed and not at what is long known: counted in pages, whatever the machine does."""

from typing import Any

import psycopg
import pytest

from infra.migrations import migrate
from tests.benchmarks.cases.analytics.history import SQL, events, known
from tests.integration.analytics.sources import Sync, refresh

USERS, TRACKS, NEW, HISTORY = 100, 5, 1_000, 100_000
MOST = 2.0  # times what the new events alone cost, at most
REFRESH = "explain (analyze, buffers, timing off, format json) select analytics.refresh_all_views()"
RECOUNT = "explain (analyze, buffers, timing off, format json) select nightshift.recount_analytics()"


@pytest.fixture
def remembered(db: Sync) -> Sync:
    """A database of users with a year behind them."""
    db.execute(SQL.users, {"users": USERS, "tracks": TRACKS})
    db.execute("set session_replication_role = replica")
    events(db, HISTORY, over="364 days", until="1 day")
    db.execute(SQL.study, {"tracks": known(db, "tracks"), "days": 365})
    db.execute(SQL.steps, {"weeks": 52})
    db.execute("set session_replication_role = origin")
    db.execute("select nightshift.recount_analytics()")
    db.execute("vacuum analyze")
    refresh(db)
    return db


def pages(db: Sync, statement: str) -> int:
    """Pages that a statement asks for, with all that it calls."""
    [(found,)] = db.execute(statement.encode()).fetchall()
    plan: dict[str, Any] = found[0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def refreshed(db: Sync) -> int:
    """The pages of a refresh after so many new events of a day."""
    events(db, NEW)
    db.execute(SQL.new_study, {"tracks": known(db, "tracks"), "round": 1})
    return pages(db, REFRESH)


def test_a_refresh_beside_a_history_costs_at_most_twice_as_much_as_alone(
    remembered: Sync, empty_database_url: str
) -> None:

    beside = refreshed(remembered)
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url, autocommit=True) as alone:
        alone.execute(SQL.users, {"users": USERS, "tracks": TRACKS})
        refresh(alone)
        assert beside / refreshed(alone) < MOST
    assert pages(remembered, RECOUNT) > beside


def test_a_refresh_without_changes_looks_at_no_source(remembered: Sync) -> None:
    before = scans(remembered)
    refresh(remembered)
    assert scans(remembered) == before


def scans(db: Sync) -> list[tuple[Any, ...]]:
    """How often each partition and the study log were looked through, or looked into by an index."""
    db.execute("select pg_stat_force_next_flush()")
    db.execute("select pg_stat_clear_snapshot()")
    return db.execute(
        "select relname, seq_scan, idx_scan from pg_stat_user_tables "
        "where relname ~ '^(session_analytics_events|user_study_log|learning_path)' order by relname"
    ).fetchall()
