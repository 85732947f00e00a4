"""`nightshift up` as a person uses it: started, found again, killed, stopped."""

import asyncio
import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from infra.local.keys import RESEND_KEY, STRIPE_KEY, TELEGRAM_TOKEN
from infra.local.processes import alive
from infra.local.program import free_port, port_taken
from infra.local.stack import Stack
from infra.local.state import State, read
from tests.services import fastest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds on a busy machine


def shell(home: Path, port: int, **more: str) -> dict[str, str]:
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**own, "PYTHONPATH": str(ROOT), "NIGHTSHIFT_HOME": str(home), "PORT": str(port), **more}


class Running:
    """A stack that was started from the command line."""

    def __init__(self, home: Path, port: int, cwd: Path = ROOT, **env: str) -> None:
        self.home, self.port, self.cwd, self.env = home, port, cwd, shell(home, port, **env)
        self.output = home / "up.log"
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "infra.cli", "up"]
            self.process = subprocess.Popen(  # noqa: S603
                command, env=self.env, cwd=cwd, stdout=output, stderr=output, start_new_session=True
            )
        self.state = self.wait()

    def wait(self) -> State:
        deadline = time.monotonic() + PATIENCE
        while not ((state := read(self.home)) and state.ready and state.running):
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)
        return state

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "infra.cli", *words]
        return subprocess.run(  # noqa: S603
            command, env=self.env, cwd=self.cwd, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE)


def descendants(running: Running) -> list[int]:
    return [child.pid for child in psutil.Process(running.process.pid).children(recursive=True)]


def assert_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if alive(pid)] == []


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


def test_ctrl_c_and_down_leave_nothing_behind(home: Path) -> None:
    running = Running(home, free_port())
    pids = descendants(running)
    running.stop()
    assert running.process.returncode == 0
    assert_gone(pids)
    assert not port_taken(running.port)
    running = Running(home, running.port)
    pids = descendants(running)
    assert "Nightshift has stopped." in running.cli("down").stdout
    assert_gone(pids)
    assert "was not running" in running.cli("down").stdout
    assert running.cli("status").returncode == 3


def test_ctrl_c_while_it_starts_ends_it_without_a_traceback(home: Path) -> None:
    command = [sys.executable, "-m", "infra.cli", "up"]
    with subprocess.Popen(  # noqa: S603
        command, env=shell(home, free_port()), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as starting:
        while not (home / "stack.lock").exists():
            assert starting.poll() is None
        pids = [child.pid for child in psutil.Process(starting.pid).children(recursive=True)]
        starting.send_signal(signal.SIGINT)
        said, _ = starting.communicate(timeout=PATIENCE)
    assert (starting.returncode, said) == (0, "Nightshift has stopped.\n")
    assert_gone(pids)


def test_a_killed_stack_leaves_no_process_and_the_next_one_finds_its_data(home: Path) -> None:
    running = Running(home, free_port())
    pids, key = descendants(running), (home / "service.key").read_text()
    running.process.kill()
    running.process.wait()
    assert_gone(pids)
    again = Running(home, running.port)
    try:
        with psycopg.connect(database(again)) as connection:
            assert connection.execute("select count(*) from users").fetchone() == (4,)
    finally:
        again.stop()
    assert (home / "service.key").read_text() == key


def database(running: Running) -> str:
    return next(address for name, address, _ in running.state.services if name == "PostgreSQL")


async def leave_something(home: Path) -> None:
    """One reply and one email on a stack that is over afterwards."""
    async with Stack(home, 0, env={"LINGER_SECONDS": "6"}, scheduler=False, samples=False) as stack:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            connection.execute("insert into users (telegram_id) values (77)")
            connection.execute(
                "insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)"
                " select id, 77, 'later', now() + interval '1 day' from users"
            )
        with smtplib.SMTP("127.0.0.1", stack.ports.smtp) as server:
            server.sendmail("a@example.com", ["b@example.com"], "Subject: kept\r\n\r\nhello")


def test_the_data_of_an_earlier_stack_can_be_looked_at_from_anywhere(home: Path) -> None:
    asyncio.run(leave_something(home / "demo"))
    running = Running(home / "demo", free_port(), cwd=home, NIGHTSHIFT_HOME="demo")
    try:
        assert len(json.loads(running.cli("queue", "list", "replies", "--json").stdout)) == 1
        mailbox = next(address for name, address, _ in running.state.services if name == "mailbox")
        messages = httpx.get(f"{mailbox}/messages.json", trust_env=False).json()["messages"]
        assert [message["subject"] for message in messages] == ["kept"]
    finally:
        running.stop()


def test_only_settings_that_lead_to_services_are_asked_for_again(home: Path) -> None:
    running = Running(home, free_port(), LINGER_SECONDS="6", LOG_LEVEL="WARNING")
    try:
        del running.env["LINGER_SECONDS"], running.env["LOG_LEVEL"]
        assert running.cli("queue", "list", "replies").returncode == 0
    finally:
        running.stop()


def test_a_provider_of_ones_own_has_no_twin(home: Path) -> None:
    running = Running(home, free_port(), TELEGRAM_BOT_TOKEN="4711:mine", STRIPE_API_BASE="http://127.0.0.1:9")
    try:
        assert {name for name, _, _ in running.state.services if name.endswith(" twin")} == {"Resend twin"}
    finally:
        running.stop()


def test_no_secret_stands_on_a_command_line(home: Path) -> None:
    running = Running(home, free_port(), STRIPE_WEBHOOK_SECRETS="whsec_of_my_own", STRIPE_API_KEY="sk_of_my_own")
    try:
        processes = [psutil.Process(running.process.pid), *map(psutil.Process, descendants(running))]
        lines = [" ".join(process.cmdline()) for process in processes]
        secrets = ["of_my_own", (home / "service.key").read_text(), STRIPE_KEY, RESEND_KEY, TELEGRAM_TOKEN]
        assert any("infra.local.twins" in line for line in lines)
        assert [line for line in lines for secret in secrets if secret in line] == []
    finally:
        running.stop()


def test_a_database_of_ones_own_is_migrated_and_gets_no_samples(home: Path, empty_database_url: str) -> None:
    running = Running(home, free_port(), DATABASE_URL=empty_database_url)
    try:
        with psycopg.connect(empty_database_url) as connection:
            assert connection.execute("select count(*) from users").fetchone() == (0,)
        assert "postgres" not in running.state.children
        del running.env["DATABASE_URL"]
        refused = running.cli("queue", "list", "replies")
        assert "started with DATABASE_URL" in refused.stderr
    finally:
        running.stop()


def test_a_taken_port_is_named_with_its_owner_and_the_way_out(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "infra.cli", "up"]
        refused = subprocess.run(  # noqa: S603
            command, env=shell(home, port), cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    assert refused.returncode == 1
    assert f"Port {port} is taken by" in refused.stderr
    assert str(os.getpid()) in refused.stderr
    assert "PORT=" in refused.stderr
