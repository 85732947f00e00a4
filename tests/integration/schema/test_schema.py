"""The tables as other programs find them (seed 001, T1.1 and T1.2; spec, sections 2 and 10)."""

from pathlib import Path

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation

from infra.migrations import migrate
from tests import nightshift
from tests.integration.schema.player_rows import fill
from tests.nightshift import Connection

NOBODY = "00000000-0000-7000-8000-00000000dead"
VERSIONS = sorted(path.name[:4] for path in Path(migrate.__file__).with_name("versions").glob("[0-9]*.py"))
LATER = [version for version in VERSIONS if version >= "0012"]  # those that met rows when they came
QUEUES = ("pending_responses", "email_queue", "webhook_retry_queue")


async def columns(conn: Connection, table: str) -> set[str]:
    cursor = await conn.execute("select column_name from information_schema.columns where table_name = %s", [table])
    return {row["column_name"] for row in await cursor.fetchall()}


async def test_ac_t1_1_1_a_reply_has_the_columns_that_outsiders_rely_on(conn: Connection) -> None:
    """AC-T1.1.1."""
    wanted = {"id", "user_id", "telegram_chat_id", "response_text", "scheduled_at", "status", "retry_count"}
    assert wanted | {"next_attempt_at", "delivered_at", "created_at"} <= await columns(conn, "pending_responses")


async def test_ac_t1_1_2_a_reply_belongs_to_a_user_and_goes_with_them(conn: Connection) -> None:
    """AC-T1.1.2."""
    reply = await nightshift.reply(conn, 7)
    with pytest.raises(ForeignKeyViolation):
        await conn.execute(
            "insert into pending_responses (user_id, telegram_chat_id, response_text) values (%s, 1, 'x')", [NOBODY]
        )
    await conn.execute("delete from users where telegram_id = 7")
    assert await nightshift.row(conn, "pending_responses", reply) == {}


@pytest.mark.parametrize("queue", QUEUES)
async def test_ac_t1_1_3_the_claims_index_holds_only_rows_that_a_claim_may_want(conn: Connection, queue: str) -> None:
    """AC-T1.1.3."""
    cursor = await conn.execute("select indexdef from pg_indexes where indexname = %s", [f"{queue}_due"])
    definition = (await cursor.fetchone() or {})["indexdef"]
    assert definition.endswith(", id) WHERE ((finished_at IS NULL) AND (NOT held))")


@pytest.mark.parametrize("status", ["sent", "PENDING", ""])
async def test_ac_t1_1_4_a_status_is_one_of_the_life_cycles(conn: Connection, status: str) -> None:
    """AC-T1.1.4."""
    reply = await nightshift.reply(conn, 7)
    with pytest.raises(CheckViolation):
        await conn.execute("update pending_responses set status = %s where id = %s", [status, reply])


async def test_ac_t1_2_1_a_run_has_the_columns_that_outsiders_rely_on(conn: Connection) -> None:
    """AC-T1.2.1."""
    wanted = {"id", "job_name", "run_key", "trigger", "started_at", "completed_at", "status", "items_processed"}
    assert wanted | {"items_failed", "error_message", "metadata", "log_lines"} == await columns(conn, "job_history")


async def test_ac_t1_2_2_runs_are_found_by_job_newest_first(conn: Connection) -> None:
    """AC-T1.2.2."""
    cursor = await conn.execute("select indexdef from pg_indexes where tablename = 'job_history'")
    assert any("(job_name, started_at DESC" in row["indexdef"] for row in await cursor.fetchall())


async def test_ac_t1_2_3_how_long_runs_are_kept_stands_at_the_table(conn: Connection) -> None:
    """AC-T1.2.3."""
    cursor = await conn.execute("select obj_description('job_history'::regclass) as comment")
    assert "30 days" in (await cursor.fetchone() or {})["comment"]


def test_ac_t9_7_everything_goes_down_and_up_again_with_rows_in_the_tables(database_url: str) -> None:
    """AC-T9.7, AC-T14.4, AC-T15.5."""
    with psycopg.connect(database_url) as conn:
        fill(conn)
    migrate.downgrade(database_url, "base")
    with psycopg.connect(database_url) as conn:
        left = conn.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')"
        ).fetchall()
        schemas = conn.execute("select nspname from pg_namespace where nspname !~ '^pg_'").fetchall()
    migrate.upgrade(database_url)
    assert left == [("alembic_version",)]
    assert {name for (name,) in schemas} == {"public", "information_schema"}
    assert migrate.current(database_url) == migrate.head()


@pytest.mark.parametrize("revision", LATER)
def test_a_migration_meets_the_rows_that_are_there(database_url: str, revision: str) -> None:
    """AC-T15.5: taken back and made again, with rows in the tables that stay."""
    with psycopg.connect(database_url) as conn:
        user = fill(conn)
    migrate.downgrade(database_url, f"{revision}-1")
    with psycopg.connect(database_url) as conn:
        conn.execute("update users set timezone = 'Nowhere/Else' where %s = '0012'", [revision])
    migrate.upgrade(database_url)
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select timezone from users where id = %s", [user]).fetchone() == ("UTC",)


def test_each_migration_can_be_taken_back_by_itself(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    for _ in range(3):
        migrate.downgrade(empty_database_url, "-1")
        migrate.upgrade(empty_database_url)
        migrate.downgrade(empty_database_url, "-1")
    migrate.upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == migrate.head()


async def test_ids_are_ordered_by_time_and_of_version_7(conn: Connection) -> None:
    cursor = await conn.execute("select nightshift.uuid7() as id from generate_series(1, 200)")
    ids = [row["id"] for row in await cursor.fetchall()]
    assert {identifier.version for identifier in ids} == {7}
    assert [str(each)[:13] for each in ids] == sorted(str(each)[:13] for each in ids)


async def test_nobody_but_the_owner_may_call_what_moves_rows(conn: Connection) -> None:
    cursor = await conn.execute(
        "select proname from pg_proc where pronamespace = 'nightshift'::regnamespace "
        "and has_function_privilege('public', oid, 'execute')"
    )
    assert await cursor.fetchall() == []
