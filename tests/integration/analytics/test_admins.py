"""Who is an admin, how a token says so, and that nobody else reads a figure (seed 004; spec, section 8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from infra.migrations import migrate
from tests.integration.analytics.sources import USERS, VIEWS, Sync, broken, event, made
from tests.integration.schema.identities import become

FOR_ADMINS = ("manual_refresh", "health_check", "get_cron_job_status", *(f"get_{view}" for view in VIEWS))
HOOK = "select public.custom_access_token_hook(%s)"
RUN = """
insert into job_history (job_name, status, started_at, completed_at) values ('refresh-analytics', %s, %s, now())
"""
CRON = """
create schema cron;
create table cron.job (jobid bigint, jobname name, schedule text, command text);
create table cron.job_run_details (jobid bigint, status text, start_time timestamptz);
insert into cron.job values (7, 'refresh-analytics-views', '*/30 * * * *', 'select analytics.refresh_all_views()'),
    (8, 'nightshift:apply-decay:1', '0 0 * * *', 'x');
insert into cron.job_run_details values (7, 'succeeded', '2026-01-01 00:00Z'), (7, 'failed', '2026-01-01 00:30Z');
"""
FOREIGN = "create role supabase_auth_admin nologin"
MAY = "select has_function_privilege(%s, 'public.custom_access_token_hook(jsonb)', 'execute')"


def admin(db: Sync) -> str:
    [user] = made(db, USERS, 1)
    db.execute("insert into user_roles (user_id, role) values (%s, 'admin')", [user])
    return user


def call(db: Sync, function: str) -> list[tuple[Any, ...]]:
    return db.execute(SQL("select * from analytics.{}()").format(Identifier(function))).fetchall()


def is_admin(url: str, role: str, user: str | None = None) -> object:
    with psycopg.connect(url) as connection:
        become(connection, role, user)
        [(answer,)] = connection.execute("select public.is_admin()").fetchall()
        return answer


def test_an_admin_is_one_and_so_are_the_service_and_the_owner(database_url: str, db: Sync, user: str) -> None:
    assert is_admin(database_url, "authenticated", admin(db)) is True
    assert is_admin(database_url, "authenticated", user) is False
    assert is_admin(database_url, "authenticated") is False
    assert is_admin(database_url, "service_role") is True
    assert db.execute("select public.is_admin()").fetchall() == [(True,)]


def test_an_admin_is_none_any_more_when_the_role_is_taken_back(database_url: str, db: Sync) -> None:
    user = admin(db)
    db.execute("delete from user_roles")
    assert is_admin(database_url, "authenticated", user) is False


def test_a_moderator_is_no_admin(database_url: str, db: Sync, user: str) -> None:
    db.execute("insert into user_roles (user_id, role) values (%s, 'moderator')", [user])
    assert is_admin(database_url, "authenticated", user) is False


def test_claims_that_say_so_make_nobody_an_admin(database_url: str, user: str) -> None:
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", user)
        claims = f'{{"sub": "{user}", "role": "service_role", "user_role": "admin"}}'
        connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
        assert connection.execute("select public.is_admin()").fetchall() == [(False,)]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into user_roles (user_id, role) values (%(user)s, 'admin')",
        "update user_roles set role = 'admin'",
        "delete from user_roles",
    ],
)
def test_nobody_makes_themselves_an_admin(database_url: str, db: Sync, user: str, statement: str) -> None:
    db.execute("insert into user_roles (user_id, role) values (%s, 'moderator')", [user])
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", user)
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode(), {"user": user})


def test_a_user_sees_their_own_roles(database_url: str, db: Sync, user: str) -> None:
    other = admin(db)
    db.execute("insert into user_roles (user_id, role) values (%s, 'moderator')", [user])
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", other)
        assert connection.execute("select role from user_roles").fetchall() == [("admin",)]


def test_a_token_says_the_strongest_role(db: Sync) -> None:
    user = admin(db)
    db.execute("insert into user_roles (user_id, role) values (%s, 'moderator')", [user])
    event = {"user_id": user, "claims": {"sub": user, "role": "authenticated"}, "authentication_method": "otp"}
    [(answer,)] = db.execute(HOOK, [Jsonb(event)]).fetchall()
    assert answer == event | {"claims": event["claims"] | {"user_role": "admin"}}  # type: ignore[operator]


def test_a_token_of_a_user_without_a_role_says_none_whatever_it_said_before(db: Sync, user: str) -> None:
    event = {"user_id": user, "claims": {"sub": user, "user_role": "admin"}}
    [(answer,)] = db.execute(HOOK, [Jsonb(event)]).fetchall()
    assert answer == {"user_id": user, "claims": {"sub": user}}


def test_supabases_own_role_may_call_the_hook_and_users_may_not(
    admin: psycopg.Connection, empty_database_url: str
) -> None:
    if not admin.execute("select from pg_roles where rolname = 'supabase_auth_admin'").rowcount:
        admin.execute(FOREIGN)
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        may = {role: connection.execute(MAY, [role]).fetchall() for role in ("supabase_auth_admin", "authenticated")}
    assert may == {"supabase_auth_admin": [(True,)], "authenticated": [(False,)]}


@pytest.mark.parametrize("function", FOR_ADMINS)
def test_a_figure_is_for_admins_only(database_url: str, db: Sync, user: str, function: str) -> None:
    who = admin(db)
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", who)
        call(connection, function)
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", user)
        with pytest.raises(InsufficientPrivilege, match="Admin role required"):
            call(connection, function)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_read_past_its_function(database_url: str, db: Sync, view: str, role: str) -> None:
    with psycopg.connect(database_url) as connection:
        become(connection, role, admin(db))
        with pytest.raises(InsufficientPrivilege):
            connection.execute(SQL("select * from analytics.{}").format(Identifier(view)))


def test_users_cannot_refresh_past_the_function_that_asks(database_url: str, db: Sync) -> None:
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", admin(db))
        with pytest.raises(InsufficientPrivilege):
            call(connection, "refresh_all_views")


def test_an_admin_refreshes_by_hand(database_url: str, db: Sync) -> None:
    who = admin(db)
    event(db, who, 0)
    with psycopg.connect(database_url) as connection:
        become(connection, "authenticated", who)
        [(answer,)] = call(connection, "manual_refresh")
        [(total,)] = connection.execute("select total_events from analytics.get_summary_stats()").fetchall()
    assert (str(answer).startswith("Analytics views refreshed at 2"), total) == (True, 1)


def test_a_refresh_by_hand_says_what_failed(db: Sync) -> None:
    broken(db)
    [(answer,)] = call(db, "manual_refresh")
    assert str(answer).startswith("Not refreshed: streak_dropoffs (55000).")


def test_health_has_the_rows_and_the_last_refresh_that_worked(db: Sync, user: str) -> None:
    began = datetime.now(UTC)
    db.execute("select analytics.refresh_all_views()")
    broken(db)
    db.execute("select analytics.refresh_all_views()")
    found = call(db, "health_check")
    assert [row[0] for row in found] == list(VIEWS)
    assert {view: rows for view, rows, _ in found} == dict.fromkeys(VIEWS, 0) | {"summary_stats": 1}
    at = {view: last for view, _, last in found}
    assert began < at["streak_dropoffs"] < at["active_learning_days"] < datetime.now(UTC)


def test_the_job_is_told_from_our_own_history_where_there_is_no_pg_cron(db: Sync) -> None:
    assert call(db, "get_cron_job_status") == []
    now = datetime.now(UTC)
    db.execute(RUN, ["success", now - timedelta(minutes=30)])
    db.execute(RUN, ["failed", now])
    assert call(db, "get_cron_job_status") == [(None, "refresh-analytics", None, None, now, "failed")]


def test_the_job_is_told_from_pg_crons_notes_where_it_runs_there(db: Sync) -> None:
    db.execute(CRON)
    [row] = call(db, "get_cron_job_status")
    assert row[:4] == (7, "refresh-analytics-views", "*/30 * * * *", "select analytics.refresh_all_views()")
    assert row[4:] == (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), "failed")


def test_the_job_is_told_from_our_own_history_where_pg_cron_runs_other_jobs(db: Sync) -> None:
    db.execute(CRON)
    db.execute("delete from cron.job where jobid = 7")
    db.execute(RUN, ["success", datetime.now(UTC)])
    assert [row[1] for row in call(db, "get_cron_job_status")] == ["refresh-analytics"]
