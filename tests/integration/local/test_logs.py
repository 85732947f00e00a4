"""What becomes of the local stack's logs."""

import os
import socket
from pathlib import Path

import pytest

from infra.local.logs import LARGE, rotate
from infra.local.stack import Stack
from shared.errors import ConflictError


def make(log: Path, size: int) -> Path:
    """A log that takes no room, however large."""
    log.parent.mkdir(exist_ok=True)
    log.touch()
    os.truncate(log, size)
    return log


def test_a_large_log_is_put_aside_in_the_place_of_the_one_before(tmp_path: Path) -> None:
    make(tmp_path / "health.log.1", 1)
    make(tmp_path / "health.log", LARGE + 1)
    make(tmp_path / "admin.log", LARGE)
    rotate(tmp_path)
    assert {log.name: log.stat().st_size for log in tmp_path.iterdir()} == {
        "health.log.1": LARGE + 1,
        "admin.log": LARGE,
    }


async def test_a_stack_that_starts_puts_large_logs_aside(tmp_path: Path) -> None:
    log = make(tmp_path / "logs" / "health.log", LARGE + 1)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConflictError):
        await Stack(tmp_path, taken.getsockname()[1]).start()
    assert [one.name for one in log.parent.iterdir()] == ["health.log.1"]


async def test_a_stack_that_runs_keeps_its_logs(tmp_path: Path) -> None:
    log = make(tmp_path / "logs" / "health.log", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = Stack(tmp_path, taken.getsockname()[1])
        with pytest.raises(ConflictError):
            await first.start()
        os.truncate(log, LARGE + 1)
        with pytest.raises(ConflictError):
            await Stack(tmp_path, taken.getsockname()[1]).start()
        await first.stop()
    assert [one.name for one in log.parent.iterdir()] == ["health.log"]
