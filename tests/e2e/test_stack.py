"""`nightshift up` as a person uses it while it runs: found again, asked, given tasks, robbed of a process."""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from infra.local.keys import RESEND_KEY
from infra.local.program import free_port
from infra.local.state import read
from tests.e2e.running import PATIENCE, Running, database
from tests.services import fastest


@pytest.fixture(scope="module")
def shared_stack() -> Iterator[Running]:
    """One stack for the tests that leave it as it is."""
    home = Path(tempfile.mkdtemp(prefix="nightshift-home-", dir=fastest()))
    home.chmod(0o755)
    made = Running(home, free_port())
    yield made
    made.stop()
    shutil.rmtree(home)


def test_up_serves_and_says_where(shared_stack: Running) -> None:
    assert httpx.get(shared_stack.url("/health"), trust_env=False).status_code == 200
    said = shared_stack.output.read_text()
    assert shared_stack.url("/deliver-responses") in said
    assert "Service key: nightshift_" in said


def test_a_sample_player_gets_into_the_portal_as_the_table_says(shared_stack: Running) -> None:
    assert "token mira --link" in shared_stack.cli("status").stdout
    address = shared_stack.cli("token", "mira", "--link").stdout.strip()
    page, _, token = address.partition("#token=")
    assert httpx.get(page, trust_env=False).headers["content-type"].startswith("text/html")
    player = httpx.get(f"{page}/me", headers={"authorization": f"Bearer {token}"}, trust_env=False)
    assert player.json()["display_name"] == "Mira"


def test_up_twice_finds_the_running_stack(shared_stack: Running) -> None:
    again = shared_stack.cli("up")
    assert again.returncode == 0
    assert "Nightshift runs already" in again.stdout
    assert shared_stack.url("/health") in again.stdout
    assert shared_stack.process.poll() is None


def test_programs_can_read_the_state(shared_stack: Running) -> None:
    report = json.loads(shared_stack.cli("status", "--json").stdout)
    assert report["ready"]
    assert report["processes"].keys() >= {"postgres", "valkey", "health"}
    findings = {one["name"]: one["ok"] for one in json.loads(shared_stack.cli("doctor", "--json").stdout)}
    assert findings["database"]
    assert findings["migrations"]
    assert findings["redis"]
    assert findings["claude"]
    assert findings["push"]


def test_a_function_that_is_killed_comes_back(shared_stack: Running) -> None:
    killed = shared_stack.state.children["health"].pid
    os.kill(killed, signal.SIGKILL)
    answers, deadline = set(), time.monotonic() + PATIENCE
    while not came_back(shared_stack, killed) and time.monotonic() < deadline:
        answers.add(httpx.get(shared_stack.url("/health/livez"), trust_env=False).status_code)
    answers.add(httpx.get(shared_stack.url("/health/livez"), trust_env=False).status_code)
    assert 200 in answers
    assert answers <= {200, 502}


def test_the_common_start_of_the_functions_may_be_killed(shared_stack: Running) -> None:
    health = read(shared_stack.home)
    assert health
    nursery = psutil.Process(health.children["health"].pid).ppid()
    os.kill(nursery, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while not came_back(shared_stack, health.children["health"].pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert httpx.get(shared_stack.url("/health/livez"), trust_env=False).status_code == 200


def came_back(running: Running, killed: int) -> bool:
    state = read(running.home)
    now = state.children.get("health") if state else None
    up = httpx.get(running.url("/health/livez"), trust_env=False).status_code == 200
    return up and now is not None and now.pid != killed


def test_a_task_is_run_from_the_command_line(shared_stack: Running) -> None:
    ran = shared_stack.cli("run", "cleanup-stale", "--at", "2026-01-02T00:00:00Z", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["status"] == "success"
    again = shared_stack.cli("run", "cleanup-stale", "--at", "2026-01-02T00:00:00Z", "--json")
    assert json.loads(again.stdout)["status"] == "skipped"


def test_a_bounce_comes_back_from_the_twin_of_resend(shared_stack: Running) -> None:
    twin = next(address for name, address, _ in shared_stack.state.services if name == "Resend twin")
    mail = {"from": "night@example.org", "to": "bounced+stack@example.org", "subject": "hi", "text": "body"}
    headers = {"Authorization": f"Bearer {RESEND_KEY}"}
    assert httpx.post(f"{twin}/emails", json=mail, headers=headers, trust_env=False).status_code == 200
    deadline, found = time.monotonic() + PATIENCE, None
    with psycopg.connect(database(shared_stack), autocommit=True) as connection:
        while not found and time.monotonic() < deadline:
            found = connection.execute("select address, reason, source from email_suppressions").fetchone()
            time.sleep(0.02)
    assert found == ("bounced+stack@example.org", "bounce", "resend")


def test_an_unknown_task_is_answered_with_the_known_ones(shared_stack: Running) -> None:
    refused = shared_stack.cli("run", "deliver-replies")
    assert refused.returncode == 1
    assert "deliver-responses" in refused.stderr


def test_a_row_can_be_looked_at_given_up_and_brought_back(shared_stack: Running) -> None:
    with psycopg.connect(database(shared_stack), autocommit=True) as connection:
        made = connection.execute(
            "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)"
            " select id, 1, 'later', now() + interval '1 day' from users limit 1 returning id"
        ).fetchone()
    row = str(made[0]) if made else ""
    listed = json.loads(shared_stack.cli("queue", "list", "replies", "--json").stdout)
    assert row in [one["id"] for one in listed]
    assert "not due until" in shared_stack.cli("queue", "why", "replies", row).stdout
    assert shared_stack.cli("queue", "requeue", "replies", row).returncode == 1
    assert shared_stack.cli("queue", "discard", "replies", row).returncode == 0
    assert json.loads(shared_stack.cli("queue", "show", "replies", row).stdout)["status"] == "discarded"
    assert shared_stack.cli("queue", "requeue", "replies", row).returncode == 0
