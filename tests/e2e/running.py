"""A stack that is started from the command line, and what it leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from infra.local.processes import alive
from infra.local.state import State, read

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


def database(running: Running) -> str:
    return next(address for name, address, _ in running.state.services if name == "PostgreSQL")
