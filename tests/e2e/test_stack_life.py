"""`nightshift up` from its start to its end: stopped, killed, with settings and services of one's own."""

import asyncio
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import psycopg

from infra.local.keys import CLAUDE_KEY, RESEND_KEY, STRIPE_KEY, TELEGRAM_TOKEN
from infra.local.program import free_port, port_taken
from infra.local.stack import Stack
from tests.e2e.running import PATIENCE, ROOT, Running, assert_gone, database, descendants, shell


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
        assert {name for name, _, _ in running.state.services if name.endswith(" twin")} == {
            "Resend twin",
            "Claude twin",
        }
    finally:
        running.stop()


def test_no_secret_stands_on_a_command_line(home: Path) -> None:
    running = Running(home, free_port(), STRIPE_WEBHOOK_SECRETS="whsec_of_my_own", STRIPE_API_KEY="sk_of_my_own")
    try:
        processes = [psutil.Process(running.process.pid), *map(psutil.Process, descendants(running))]
        lines = [" ".join(process.cmdline()) for process in processes]
        secrets = ["of_my_own", (home / "service.key").read_text(), STRIPE_KEY, RESEND_KEY, CLAUDE_KEY, TELEGRAM_TOKEN]
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
