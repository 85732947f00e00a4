"""Who sees and changes which rows (seed 002, T10, T14 and T17; spec, section 10)."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier

from tests.integration.schema.identities import acting, become
from tests.integration.schema.player_rows import INSERTS, Sync, fill, insert, new_user

COMMANDS = ("select", "insert", "update", "delete")
# What users may do with their own rows. A table that is not in here is none of their business: decide, and say so.
THEIRS = {
    "users": {"select", "update"},
    "user_vice_preferences": {"select", "insert", "update", "delete"},
    "conversations": {"select", "delete"},
    "message_embeddings": {"select", "delete"},
    "user_metrics": {"select"},
    "score_history": {"select"},
    "daily_summaries": {"select"},
    "orders": {"select"},
    "subscriptions": {"select"},
    "furniture_essence": {"select"},
    "essence_transactions": {"select"},
    "user_roles": {"select"},
    "user_study_log": {"select"},
    "learning_path": {"select"},
    "session_analytics_events": {"select"},
    "items": {"select"},
    "partnerships": {"select"},
    "user_items": {"select"},
    "conversation_members": {"select"},
    "direct_conversations": {"select"},
    "direct_messages": {"select"},
}
OWNERS = {  # the column that says whose a row is, if not user_id
    "users": "id",
    "partnerships": "requester_id",
    "direct_conversations": "low_id",
    "direct_messages": "sender_id",
}
EVERYBODYS = {"items"}
TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'f')"
PLAIN_COLUMN = (
    "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped "
    "and attidentity = '' and attgenerated = '' order by attname <> 'display_name', attname <> 'user_id', attnum"
)
DENIED = "denied"


@pytest.fixture
def users(database_url: str) -> tuple[str, str]:
    """Two users with a row in every table."""
    with psycopg.connect(database_url) as conn:
        return fill(conn), fill(conn)


def tables(conn: Sync) -> list[str]:
    return [str(name) for (name,) in conn.execute(TABLES).fetchall()]


def reached(conn: Sync, table: str, command: str, user: str) -> int | str:
    """How many rows a command reaches, or that it is denied."""
    column = (conn.execute(PLAIN_COLUMN, [table]).fetchone() or ("",))[0]
    statements = {
        "select": SQL("select * from {table}"),
        "update": SQL("update {table} set {column} = {column}"),
        "delete": SQL("delete from {table}"),
    }
    try:
        with conn.transaction(force_rollback=True):
            if command == "insert":
                insert(conn, table, user)
                return "allowed"
            text = statements[command].format(table=Identifier(table), column=Identifier(str(column)))
            return conn.execute(text).rowcount
    except InsufficientPrivilege:
        return DENIED


def rows(url: str, table: str, user: str | None = None) -> int:
    """How many rows there are in all, or of a user."""
    owner = OWNERS.get(table, "user_id")
    clause = SQL("where {} = {}").format(Identifier(owner), user) if user and table not in EVERYBODYS else SQL("")
    with psycopg.connect(url) as conn:
        return len(conn.execute(SQL("select 1 from {} {}").format(Identifier(table), clause)).fetchall())


def test_every_table_has_been_thought_of(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        assert set(tables(conn)) == set(INSERTS)


@pytest.mark.parametrize("command", COMMANDS)
def test_ac_t10_6_anon_can_do_nothing(database_url: str, users: tuple[str, str], command: str) -> None:
    """AC-T10.6."""
    with acting(database_url, "anon") as conn:
        found = {table: reached(conn, table, command, users[0]) for table in tables(conn)}
    assert found == dict.fromkeys(INSERTS, DENIED)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("who", [0, 1])
def test_ac_t14_2_a_user_reaches_their_own_rows_and_no_others(
    database_url: str, users: tuple[str, str], command: str, who: int
) -> None:
    """AC-T14.2."""
    own = {table: rows(database_url, table, users[who]) for table, may in THEIRS.items() if command in may}
    wanted = dict.fromkeys(INSERTS, DENIED) | (dict.fromkeys(own, "allowed") if command == "insert" else own)
    assert min(own.values()) > 0
    with acting(database_url, "authenticated", users[who]) as conn:
        found = {table: reached(conn, table, command, users[who]) for table in tables(conn)}
    assert found == wanted


@pytest.mark.parametrize("command", COMMANDS)
def test_ac_t10_5_the_service_role_reaches_every_row(database_url: str, users: tuple[str, str], command: str) -> None:
    """AC-T10.5."""
    with psycopg.connect(database_url) as conn:
        third = new_user(conn)
    every = {table: "allowed" if command == "insert" else rows(database_url, table) for table in INSERTS}
    with acting(database_url, "service_role") as conn:
        assert {table: reached(conn, table, command, third) for table in tables(conn)} == every


@pytest.mark.parametrize("command", COMMANDS)
def test_a_token_that_names_nobody_reaches_no_row(database_url: str, users: tuple[str, str], command: str) -> None:
    with acting(database_url, "authenticated") as conn:
        found = {table: reached(conn, table, command, users[0]) for table in tables(conn) if table not in EVERYBODYS}
    assert set(found.values()) <= {DENIED, 0}


def test_ac_t10_3_a_user_changes_how_they_appear_and_not_how_they_score(
    database_url: str, users: tuple[str, str]
) -> None:
    """AC-T10.3."""
    with acting(database_url, "authenticated", users[0]) as conn:
        changed = conn.execute("update users set display_name = 'Ada', timezone = 'Asia/Tokyo' returning id::text")
        assert changed.fetchall() == [(users[0],)]
        with pytest.raises(InsufficientPrivilege):
            conn.execute("update users set relationship_score = 100")


def test_ac_t10_4_nobody_gives_a_row_to_somebody_else(database_url: str, users: tuple[str, str]) -> None:
    """AC-T10.4."""
    with acting(database_url, "authenticated", users[0]) as conn:
        assert reached(conn, "user_vice_preferences", "insert", users[1]) == DENIED
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            conn.execute("update user_vice_preferences set user_id = %s", [users[1]])


def test_the_owner_of_the_tables_works_as_before(database_url: str, users: tuple[str, str]) -> None:
    with psycopg.connect(database_url) as conn:
        forced = conn.execute("select relname from pg_class where relforcerowsecurity").fetchall()
    assert forced == []


def test_the_service_role_changes_a_score_through_the_function(database_url: str, users: tuple[str, str]) -> None:
    with acting(database_url, "service_role") as conn:
        changed = conn.execute("select (nightshift.change_score(%s, 1.5, 'chat')).score::text", [users[0]])
        assert changed.fetchone() == ("51.50",)


def test_the_service_role_works_a_queue_with_the_functions_that_are_there_for_it(database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        become(conn, "service_role")
        insert(conn, "email_queue", "")
        sent = conn.execute("select mark_email_sent(id, locked_by, 'id-1') from get_email_queue_batch(1)").fetchall()
    assert sent == [(True,)]


def test_a_user_with_a_token_may_add_a_taste_of_theirs(database_url: str, users: tuple[str, str]) -> None:
    with psycopg.connect(database_url) as conn:
        become(conn, "authenticated", users[0])
        assert insert(conn, "user_vice_preferences", users[0]) == 1
