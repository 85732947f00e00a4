"""`nightshift queue` on a database of its own: the same acts as over HTTPS, for a person at a terminal."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.commands import queue_work
from tests import nightshift
from tests.integration.admin import rows
from tests.nightshift import Connection

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def nightshift_queue(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `nightshift queue …`; answers its exit status and its output."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("NIGHTSHIFT_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(queue_work, "LOOK", 0.01)

    async def run(*arguments: object, answer: str | None = None) -> Result:
        words = ["queue", *map(str, arguments)]
        return await asyncio.to_thread(CliRunner().invoke, app, words, input=answer)

    return run


async def test_list_shows_how_each_queue_stands(conn: Connection, nightshift_queue: Run) -> None:
    await rows.dead_email(conn)
    found = await nightshift_queue("list")
    assert found.exit_code == 0
    assert all(name in found.stdout for name in ("pending_responses", "email_queue", "webhook_retry_queue"))


async def test_list_of_a_queue_shows_its_rows_without_addresses(conn: Connection, nightshift_queue: Run) -> None:
    email = await rows.dead_email(conn, error="[Errno 111] refused")
    for_people = await nightshift_queue("list", "emails")
    for_programs = json.loads((await nightshift_queue("list", "emails", "--status", "dead_letter", "--json")).stdout)
    assert str(email) in for_people.stdout
    assert "[Errno 111] refused" in for_people.stdout
    assert "example.com" not in for_people.stdout
    assert [row["id"] for row in for_programs] == [str(email)]


async def test_list_groups_dead_letters_by_error(conn: Connection, nightshift_queue: Run) -> None:
    for _ in range(2):
        await rows.dead_email(conn)
    [group] = json.loads((await nightshift_queue("list", "emails", "--errors", "--json")).stdout)
    assert (group["error"], group["letters"]) == ("HTTP 400", 2)


async def test_show_reveals_a_row_only_when_asked_and_records_it(conn: Connection, nightshift_queue: Run) -> None:
    email = await rows.email(conn)
    masked = await nightshift_queue("show", "emails", email)
    shown = await nightshift_queue("show", "emails", email, "--reveal")
    cursor = await conn.execute("select action, subject from audit_log")
    assert "ann@example.com" not in masked.stdout
    assert json.loads(shown.stdout)["content"]["to_email"] == "ann@example.com"
    assert await cursor.fetchall() == [{"action": "reveal", "subject": f"email_queue/{email}"}]


async def test_why_is_one_line(conn: Connection, nightshift_queue: Run) -> None:
    reply = await nightshift.reply(conn, 7, due_in=3600)
    said = await nightshift_queue("why", "replies", reply)
    assert said.stdout.startswith("not due until")


@pytest.mark.parametrize(("act", "status"), [("requeue", "pending"), ("discard", "discarded")])
async def test_named_rows_are_acted_on_and_the_others_named(
    conn: Connection, nightshift_queue: Run, act: str, status: str
) -> None:
    dead, sent = await rows.dead_email(conn), await rows.email(conn)
    marked = "update email_queue set status = 'sent', sent_at = now(), finished_at = now() where id = %s"
    await conn.execute(marked, [sent])
    done = await nightshift_queue(act, "emails", dead, sent)
    assert (await nightshift.row(conn, "email_queue", dead))["status"] == status
    assert done.exit_code == 1
    assert f"why emails {sent}" in done.stderr


async def test_a_filter_shows_its_preview_and_does_nothing_without_a_yes(
    conn: Connection, nightshift_queue: Run
) -> None:
    await rows.dead_email(conn, maybe=True)
    asked = await nightshift_queue("requeue", "emails", "--error", "HTTP 400", answer="n\n")
    assert "1 letters to 1 recipients; 1 may be duplicates" in asked.stdout
    assert (asked.exit_code, await rows.counts(conn)) == (1, {"dead_letter": 1})


async def test_for_a_program_a_filter_without_yes_is_only_a_preview(conn: Connection, nightshift_queue: Run) -> None:
    await rows.dead_email(conn)
    found = json.loads((await nightshift_queue("discard", "emails", "--json")).stdout)
    assert (found["preview"], found["letters"], await rows.counts(conn)) == (True, 1, {"dead_letter": 1})


async def test_a_confirmed_discard_by_filter(conn: Connection, nightshift_queue: Run) -> None:
    await rows.dead_email(conn)
    await rows.dead_email(conn, error="HTTP 404")
    await nightshift_queue("discard", "emails", "--error", "HTTP 404", answer="y\n")
    assert await rows.counts(conn) == {"dead_letter": 1, "discarded": 1}


async def test_a_requeue_by_filter_is_followed_until_all_are_out(conn: Connection, nightshift_queue: Run) -> None:
    for number in range(13):
        await rows.dead_email(conn, f"p{number}@example.com")
    command = asyncio.ensure_future(nightshift_queue("requeue", "emails", "--yes", "--json"))
    while not command.done():
        await rows.send_all(conn)
    wave = json.loads(command.result().stdout)
    assert (command.result().exit_code, wave["status"], wave["out"]) == (0, "done", 13)


async def test_a_requeue_that_was_left_alone_is_taken_up_again_and_stops_on_an_error(
    conn: Connection, nightshift_queue: Run
) -> None:
    for number in range(3):
        await rows.dead_email(conn, f"p{number}@example.com")
    left = await nightshift_queue("requeue", "emails", "--yes", "--no-wait")
    await rows.send_all(conn, fails="554 still wrong")
    resumed = await nightshift_queue("requeue", "emails", "--resume")
    assert "0 of 3 out, 1 under way." in left.stdout
    assert (resumed.exit_code, resumed.stderr.strip()) == (1, "Stopped after 0 of 3: 554 still wrong")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list", "users"), "There is no queue 'users'"),
        (("list", "emails", "--status", "delivered"), "emails knows the statuses"),
        (("show", "emails", "00000000-0000-0000-0000-000000000000"), "There is no row"),
        (("why", "emails", "00000000-0000-0000-0000-000000000000"), "There is no row"),
        (("requeue", "emails", "--older-than", "a while"), "--older-than:"),
        (("requeue", "emails", "--resume"), "No requeue of emails is under way."),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(
    conn: Connection, nightshift_queue: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    said = await nightshift_queue(*arguments)
    assert said.exit_code == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


async def test_a_database_that_was_never_migrated_names_the_command_that_does_it(
    empty_database_url: str, nightshift_queue: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert "nightshift migrate" in (await nightshift_queue("list")).stderr


@pytest.mark.parametrize("command", ["list", "show", "why", "requeue", "discard"])
async def test_every_command_explains_itself(nightshift_queue: Run, command: str) -> None:
    said = await nightshift_queue(command, "--help")
    assert (said.exit_code, "Usage" in said.stdout) == (0, True)
