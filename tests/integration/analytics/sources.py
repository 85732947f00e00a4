"""Rows of the sources, and every figure twice: as the views have it, and from the sources by its definition."""

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from shared import sql

Sync = psycopg.Connection[tuple[Any, ...]]
PLAIN = sql.beside(__file__, "plain.sql")
WEEKLY = {"quiz_completion_rates": "quiz", "review_session_usage": "review", "explanation_engagement": "learning"}
WHOLE = ("active_learning_days", "popular_tracks", "streak_dropoffs")
VIEWS = (*WHOLE, *WEEKLY, "summary_stats")
STEPS = ("week_start", "users", "unlocked", "completed", "completion_rate", "avg_hours_to_complete")
USERS = "insert into users (display_name) select 'User ' || n from generate_series(1, %s) n returning id::text"
TRACKS = "insert into tracks (title) select 'Track ' || n from generate_series(1, %s) n returning id::text"
EVENT = """
insert into session_analytics_events (user_id, session_id, event_type, created_at)
select %s, 's', %s, now() - make_interval(days => day) from unnest(%s::int[]) as day
"""
STUDY = """
insert into user_study_log (user_id, track_id, study_date, is_completed)
values (%s, %s, (now() at time zone 'utc')::date - %s::int, %s)
on conflict (user_id, study_date, track_id) do update set is_completed = excluded.is_completed
"""
STEP = """
insert into learning_path (user_id, node_index, node_type, unlock_date, completed_at)
values (%(user)s, %(index)s, %(kind)s, (now() at time zone 'utc')::date - %(days)s::int,
        now() - make_interval(days => %(days)s) + make_interval(hours => %(hours)s::int))
on conflict (user_id, node_index) do update set
    node_type = excluded.node_type, unlock_date = excluded.unlock_date, completed_at = excluded.completed_at
"""


def made(db: Sync, statement: str, number: int) -> list[str]:
    """The ids of so many new users or tracks."""
    return [str(row[0]) for row in db.execute(statement, [number]).fetchall()]


def event(db: Sync, user: str, *days: int, kind: str = "page_viewed") -> None:
    """An event so many days ago, for each of `days`, in one statement."""
    db.execute(EVENT, [user, kind, list(days)])


def study(db: Sync, user: str, track: str, *days: int, done: bool = True) -> None:
    """An entry of the study log so many days ago, for each of `days`."""
    for day in days:
        db.execute(STUDY, [user, track, day, done])


def step(db: Sync, user: str, index: int, kind: str, *, days: int, hours: int | None = None) -> None:
    """A step of the path that unlocked so many days ago, and was done so many hours after this time of that day."""
    db.execute(STEP, {"user": user, "index": index, "kind": kind, "days": days, "hours": hours})


def refresh(db: Sync) -> None:
    failed = db.execute("select view_name, error from analytics.refresh_all_views() where error is not null")
    assert failed.fetchall() == []


def broken(db: Sync) -> None:
    """One of the views cannot be renewed beside its readers any more: SQLSTATE 55000."""
    db.execute("drop index analytics.streak_dropoffs_days")


def shown(db: Sync, view: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a view, in the order of its first column."""
    wanted = SQL(", ").join(map(Identifier, columns)) if columns else SQL("*")
    return db.execute(SQL("select {} from analytics.{} order by 1").format(wanted, Identifier(view))).fetchall()


def figures(db: Sync) -> dict[str, Any]:
    """What the views say."""
    found = {view: shown(db, view) for view in WHOLE}
    found |= {view: shown(db, view, *STEPS) for view in WEEKLY}
    found["explanation_engagement"] = [row for row in found["explanation_engagement"] if row[2]]
    found["opened"] = [row for row in shown(db, "explanation_engagement", "week_start", "opened", "readers") if row[1]]
    [summary] = shown(db, "summary_stats")
    return found | {"summary": summary[1:]}


def recomputed(db: Sync, pruned: int = 0) -> dict[str, Any]:
    """What the sources say by the definitions of the figures; `pruned` events stay counted."""
    found = {view: rows(db, PLAIN.named[view]) for view in WHOLE}
    found |= {view: rows(db, PLAIN.steps, kind=kind) for view, kind in WEEKLY.items()}
    found["opened"] = rows(db, PLAIN.opened)
    [summary] = rows(db, PLAIN.summary)
    return found | {"summary": (*summary[:-1], summary[-1] + pruned)}


def rows(db: Sync, statement: bytes, **params: Any) -> list[tuple[Any, ...]]:
    return db.execute(statement, params).fetchall()
