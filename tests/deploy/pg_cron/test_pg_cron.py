"""The schedules for Supabase, on a PostgreSQL 15 with the pg_cron of Debian."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local.postgres import Postgres
from infra.local.program import free_port
from infra.render.part import ROOT
from infra.render.unix_cron import unix_cron
from shared import table
from tests.system import missing

BIN, CRON = Path("/usr/lib/postgresql/15/bin"), Path("/usr/lib/postgresql/15/lib/pg_cron.so")
SCHEDULES = (ROOT / "infra/pg_cron/schedules.sql").read_text()
REMOVE = (ROOT / "infra/pg_cron/remove.sql").read_text()
STUBS = (Path(__file__).parent / "supabase.sql").read_text()
KEY = "a-service-key-of-thirty-two-letters"
BASE = "https://functions.example.org"
NOBODY = "/nonexistent"  # pg_cron's own runs find no server: nothing fires while a test looks
Connection = psycopg.Connection[dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    if not BIN.is_dir():
        missing("install Debian's postgresql-15")
    if not CRON.exists():
        missing("install Debian's postgresql-15-cron")
    home = tmp_path_factory.mktemp("cron")
    more = ("shared_preload_libraries=pg_cron", "cron.database_name=nightshift", f"cron.host={NOBODY}")
    made = Postgres(home, free_port(), durable=False, max_connections=20, bin_dir=BIN, more=more)
    made.start()
    with psycopg.connect(made.url("postgres"), autocommit=True) as connection:
        connection.execute("create database nightshift")
    yield made
    made.remove()


@pytest.fixture
def supabase(server: Postgres) -> Iterator[Connection]:
    """A database with pg_cron, and with stand-ins for pg_net and Vault; all of it is gone afterwards."""
    with psycopg.connect(server.url(), row_factory=dict_row) as connection:
        connection.execute("create extension pg_cron")
        connection.execute(STUBS.encode())
        values = [("nightshift_functions_base_url", BASE), ("nightshift_service_key", KEY)]
        for pair in values:
            connection.execute("insert into vault.secrets values (%s, %s)", pair)
        yield connection
        connection.rollback()


def run(connection: Connection, script: str) -> None:
    connection.execute(script.encode())


def jobs(connection: Connection) -> dict[str, dict[str, Any]]:
    rows = connection.execute("select * from cron.job order by jobid").fetchall()
    return {row["jobname"]: row for row in rows}


def test_every_schedule_of_the_table_is_there(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    wanted = {
        f"nightshift:{entry.name}:{number}": unix_cron(schedule)
        for entry in table.tasks()
        for number, schedule in enumerate(entry.schedules, 1)
    }
    found = {name: row["schedule"] for name, row in jobs(supabase).items()}
    assert found == {**wanted, "nightshift:purge": "17 3 * * *"}


def test_run_again_it_changes_nothing(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    before = jobs(supabase)
    run(supabase, SCHEDULES)
    assert jobs(supabase) == before


def test_what_the_table_has_no_longer_is_taken_away_and_what_others_have_stays(supabase: Connection) -> None:
    supabase.execute("select cron.schedule('nightshift:old:1', '* * * * *', 'select 1')")
    supabase.execute("select cron.schedule('theirs', '* * * * *', 'select 1')")
    run(supabase, SCHEDULES)
    assert "nightshift:old:1" not in jobs(supabase)
    assert "theirs" in jobs(supabase)


def test_a_schedule_that_changed_is_changed_in_place(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    before = jobs(supabase)
    supabase.execute("select cron.schedule('nightshift:apply-decay:1', '5 5 * * *', 'select 1')")
    run(supabase, SCHEDULES)
    assert jobs(supabase) == before


def test_a_schedule_that_somebody_paused_stays_paused(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    supabase.execute("update cron.job set active = false where jobname = 'nightshift:apply-decay:1'")
    run(supabase, SCHEDULES)
    assert jobs(supabase)["nightshift:apply-decay:1"]["active"] is False


def fire(connection: Connection, name: str) -> dict[str, Any]:
    """Do what pg_cron would do when the job is due; the call that came of it."""
    connection.execute(jobs(connection)[name]["command"].encode())
    [call] = connection.execute("select * from net.calls").fetchall()
    return call


def test_a_job_calls_its_function_as_every_timer_does(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    call = fire(supabase, "nightshift:deliver-responses:1")
    assert call["url"] == f"{BASE}/deliver-responses"
    assert call["headers"] == {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    assert call["body"].keys() == {"trigger", "scheduled_for"}
    assert call["body"]["trigger"] == "schedule"
    tick = datetime.fromisoformat(call["body"]["scheduled_for"])
    assert (tick.second, tick.microsecond) == (0, 0)
    assert timedelta(0) <= datetime.now(UTC) - tick < timedelta(minutes=3)


def test_no_call_waits_so_long_that_it_holds_up_the_ticks_of_others(supabase: Connection) -> None:
    """pg_net begins no further calls until those under way have ended."""
    run(supabase, SCHEDULES)
    for name in jobs(supabase).keys() - {"nightshift:purge"}:
        assert fire(supabase, name)["timeout_milliseconds"] == 5000
        supabase.execute("delete from net.calls")


def test_a_function_with_a_host_of_its_own_is_called_there(supabase: Connection) -> None:
    supabase.execute("update vault.secrets set decrypted_secret = 'https://{name}-1.run.app' where name like '%url'")
    run(supabase, SCHEDULES)
    assert fire(supabase, "nightshift:apply-decay:1")["url"] == "https://apply-decay-1.run.app/apply-decay"


def test_a_key_that_was_changed_is_sent_from_the_next_call_on(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    supabase.execute("update vault.secrets set decrypted_secret = 'new' where name = 'nightshift_service_key'")
    assert fire(supabase, "nightshift:apply-decay:1")["headers"]["Authorization"] == "Bearer new"


def test_neither_the_key_nor_the_address_stands_in_a_job(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    assert not [row for row in jobs(supabase).values() if KEY in str(row) or BASE in str(row)]


def test_every_thirty_seconds_where_pg_cron_can_say_it(supabase: Connection) -> None:
    """Debian's cannot, and refuses the words: so the version that this one gives itself is what counts."""
    supabase.execute("update pg_extension set extversion = '1.6' where extname = 'pg_cron'")
    with pytest.raises(psycopg.Error, match="30 seconds"):
        run(supabase, SCHEDULES)


def test_old_notes_of_how_jobs_went_are_deleted(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    for age in ("8 days", "6 days"):
        supabase.execute(
            "insert into cron.job_run_details (jobid, runid, end_time) "
            "values (1, extract(day from %s::interval)::bigint, now() - %s::interval)",
            [age, age],
        )
    supabase.execute(jobs(supabase)["nightshift:purge"]["command"].encode())
    kept = supabase.execute("select runid from cron.job_run_details").fetchall()
    assert kept == [{"runid": 6}]


@pytest.mark.parametrize(
    ("take_away", "word"),
    [
        ("drop extension pg_cron", "pg_cron is missing"),
        ("drop schema net cascade", "pg_net is missing"),
        ("delete from vault.secrets where name = 'nightshift_service_key'", "Vault does not have both"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(supabase: Connection, take_away: str, word: str) -> None:
    supabase.execute(take_away.encode())
    with pytest.raises(psycopg.Error, match=word) as caught:
        run(supabase, SCHEDULES)
    assert caught.value.diag.message_hint


def test_all_of_it_can_be_taken_away(supabase: Connection) -> None:
    run(supabase, SCHEDULES)
    supabase.execute("select cron.schedule('theirs', '* * * * *', 'select 1')")
    run(supabase, REMOVE)
    assert jobs(supabase).keys() == {"theirs"}
