"""What stands at the tables: a policy each, told cheaply, nothing granted beside it (seed 002, T10, T16 and T17)."""

import psycopg
import pytest

from infra.migrations import migrate
from tests.integration.schema.identities import become
from tests.integration.schema.player_rows import Sync, fill, insert
from tests.integration.schema.test_row_level_security import EVERYBODYS, THEIRS

FIRST = ("users", "user_metrics", "user_vice_preferences")
OTHERS = ("conversations", "score_history", "daily_summaries", "message_embeddings")
NAMES = {
    "users": "own_data",
    "partnerships": "own_data_via_requester_id_or_addressee_id",
    "items": "readable_by_users",
}
NAMES |= dict.fromkeys(("direct_conversations", "direct_messages"), "members_only")
TIMES = {"partnerships": 2}  # once for each of the two whose row it is, so that an index serves each
POLICIES = "select tablename, array_agg(policyname::text) from pg_policies where schemaname = 'public' group by 1"
SECURED = """
select c.relname, c.relrowsecurity, count(p.oid) from pg_class c left join pg_policy p on p.polrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') group by c.oid
"""
OPEN_RELATIONS = """
select r.role || ' ' || c.oid::regclass::text from pg_class c, unnest(array['anon', 'authenticated']) as r(role)
where c.relnamespace = any (array['public', 'nightshift']::regnamespace[])
  and (c.relkind in ('v', 'm', 'S') or (r.role = 'anon' and c.relkind = 'r'))
  and case c.relkind when 'S' then has_sequence_privilege(r.role, c.oid, 'usage, select, update')
      else has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate, references, trigger') end
"""
OPEN_FUNCTIONS = """
select r.role || ' ' || p.oid::regprocedure::text
from pg_proc p, unnest(array['public', 'anon', 'authenticated']) as r(role)
where p.pronamespace = any (array['public', 'nightshift']::regnamespace[])
  and has_function_privilege(r.role, p.oid, 'execute')
"""
# The default of an id, and whether oneself is an admin.
OPENED = [("authenticated is_admin()",), ("authenticated nightshift.uuid7()",)]
COUNTING = """
create sequence calls;
create or replace function auth.uid() returns uuid language plpgsql stable security definer as $$
begin
    perform nextval('public.calls');
    return (current_setting('request.jwt.claims')::jsonb ->> 'sub')::uuid;
end
$$
"""
# What a new project of Supabase has.
SUPABASE = """
create schema auth;
create function auth.uid() returns uuid language sql stable as $$
    select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
"""
GENEROUS = "alter default privileges in schema public grant all on {} to anon, authenticated, service_role"


@pytest.fixture
def db(database_url: str) -> Sync:
    return psycopg.connect(database_url)


def test_every_table_is_secured_by_exactly_one_policy(db: Sync) -> None:
    """AC-T17.1, AC-T17.2."""
    found = db.execute(SECURED).fetchall()
    assert [row for row in found if row[1:] != (True, 1)] == []


@pytest.mark.parametrize("table", FIRST)
def test_ac_t10_1_a_players_own_tables_are_secured(db: Sync, table: str) -> None:
    """AC-T10.1."""
    assert (table, True, 1) in db.execute(SECURED).fetchall()


@pytest.mark.parametrize("table", OTHERS)
def test_ac_t10_2_what_was_said_and_scored_is_secured(db: Sync, table: str) -> None:
    """AC-T10.2."""
    assert (table, True, 1) in db.execute(SECURED).fetchall()


def test_the_policies_have_the_names_that_they_are_known_by(db: Sync) -> None:
    """AC-T10.3, AC-T10.4."""
    names = dict.fromkeys(THEIRS, "own_data_via_user_id") | NAMES
    found = {str(table): names[0] for table, names in db.execute(POLICIES).fetchall()}
    assert found == dict.fromkeys(found, "service_role_only") | names


@pytest.mark.parametrize("table", sorted(THEIRS.keys() - EVERYBODYS))
def test_ac_t16_1_who_asks_is_found_out_once_for_all_rows(db: Sync, table: str) -> None:
    """AC-T16.1, AC-T16.2, AC-T16.3."""
    user = fill(db)
    if table not in {"users", "user_metrics", "furniture_essence"}:
        for _ in range(20):
            insert(db, table, user)
    db.execute(COUNTING)
    become(db, "authenticated", user)
    plan = "\n".join(str(line) for (line,) in db.execute(f"explain select * from {table}").fetchall())  # noqa: S608
    assert db.execute(f"select * from {table}").rowcount >= 1  # noqa: S608
    db.execute("reset role")
    assert "InitPlan" in plan
    assert db.execute("select last_value, is_called from calls").fetchone() == (TIMES.get(table, 1), True)


def test_ac_t16_4_ac_t17_3_policies_ask_for_the_user_in_one_form(db: Sync) -> None:
    """AC-T16.4, AC-T17.3."""
    texts = db.execute("select qual, with_check from pg_policies where policyname like 'own_data%'").fetchall()
    assert {text for pair in texts for text in pair if text} == {
        "(( SELECT auth.uid() AS uid) = id)",
        "(( SELECT auth.uid() AS uid) = user_id)",
        "((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = addressee_id))",
    }


def test_nothing_but_tables_is_granted_to_those_who_come_from_outside(db: Sync) -> None:
    assert db.execute(OPEN_RELATIONS).fetchall() == []


def test_those_who_come_from_outside_call_nothing_but_the_default_of_an_id(db: Sync) -> None:
    assert sorted(db.execute(OPEN_FUNCTIONS).fetchall()) == OPENED


@pytest.mark.parametrize("claims", ["", "{}", '{"role": "anon"}'])
def test_claims_that_name_nobody_are_nobody(db: Sync, claims: str) -> None:
    db.execute("select set_config('request.jwt.claims', %s, true)", [claims])
    assert db.execute("select auth.uid()").fetchone() == (None,)


def test_claims_are_read_as_postgrest_hands_them_over(db: Sync) -> None:
    user = "01890a5d-ac96-774b-bcce-b302099a8057"
    become(db, "authenticated", user)
    told = db.execute("select auth.uid()::text, auth.role(), auth.jwt() ->> 'aud'").fetchone()
    assert told == (user, "authenticated", "authenticated")


@pytest.mark.parametrize("generous", [False, True], ids=["plain", "as on Supabase"])
def test_a_later_table_is_closed_until_somebody_decides(empty_database_url: str, generous: bool) -> None:  # noqa: FBT001
    with psycopg.connect(empty_database_url) as conn:
        if generous:
            conn.execute(SUPABASE)
            for kind in ("tables", "sequences", "functions"):
                conn.execute(GENEROUS.format(kind))
    migrate.upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as conn:
        conn.execute("create table later (id int generated always as identity)")
        opened = conn.execute(OPEN_RELATIONS).fetchall()
        functions = sorted(conn.execute(OPEN_FUNCTIONS).fetchall())
        closed = conn.execute("select has_table_privilege('authenticated', 'later', 'select')").fetchone()
        served = conn.execute("select has_table_privilege('service_role', 'later', 'insert')").fetchone()
    assert (opened, functions, closed, served) == ([], OPENED, (False,), (True,))


def test_what_supabase_brought_stays_when_we_go(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as conn:
        conn.execute(SUPABASE)
    migrate.upgrade(empty_database_url)
    migrate.downgrade(empty_database_url, "0012")
    with psycopg.connect(empty_database_url) as conn:
        left = conn.execute("select proname from pg_proc where pronamespace = 'auth'::regnamespace").fetchall()
    assert left == [("uid",)]


def test_what_we_brought_goes_when_we_go(database_url: str) -> None:
    migrate.downgrade(database_url, "0012")
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select to_regnamespace('auth')").fetchone() == (None,)
        assert conn.execute("select count(*) from pg_policies").fetchone() == (0,)
        roles = conn.execute("select rolname from pg_roles where rolname in ('anon', 'service_role')").fetchall()
    assert len(roles) == 2
