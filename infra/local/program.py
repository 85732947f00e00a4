"""A program that the local stack runs: how it starts, when it is ready, how it stops."""

import contextlib
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import UnavailableError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PORTS = range(10240, 32768)  # Linux hands out 32768 and up, macOS 49152 and up
PAUSE = 0.01  # seconds between two looks at something that is starting or stopping
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run.

    Attributes:
        ready: answers whether the process of this id serves; must be quick and never raise.
        user: run as this user instead of ourselves (root only).
        stop_signal: asks it to end; also sent by the kernel when the process that started it is gone.
        patience: seconds that it gets to end before SIGKILL.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[int], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0


def port_taken(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bindable(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1: nobody does, and no connection uses it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free, below those that the kernel gives to outgoing connections."""
    while True:
        port = secrets.choice(PORTS)
        if bindable(port):
            return port


def leash(stop_signal: signal.Signals) -> Callable[[], None]:
    """What a child does before it becomes the program: ask the kernel to be stopped when its parent dies.

    It runs after the change of user, which would take the request back. Only Linux offers it; elsewhere the
    next start finds and stops what was left behind.
    """
    parent = os.getpid()

    def hold() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal))
            if os.getppid() != parent:  # the parent died before the request was made
                os._exit(1)

    return hold


def launch(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """Start the program in its own process group, its output appended to `log`. Does not wait.

    The process group keeps a Ctrl-C at the terminal with the supervisor, which stops its children in order.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(program.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(program.env) or None,
            cwd=program.cwd,
            user=program.user,
            group=group_of(program.user),
            extra_groups=None if program.user is None else [],
            process_group=0,
            preexec_fn=leash(program.stop_signal),  # noqa: PLW1509 - one prctl, no lock, no import: safe in a fork
        )


def group_of(user: str | None) -> int | None:
    """The id of the user's own group, where another user is asked for."""
    import pwd  # noqa: PLC0415 - absent on Windows, which never gets here

    return None if user is None else pwd.getpwnam(user).pw_gid


def wait_ready(program: Program, process: subprocess.Popen[bytes], log: Path, timeout: float = 15.0) -> None:
    """Return when the program serves.

    Raises:
        UnavailableError: it ended, or was not ready in `timeout` seconds; quotes the end of its log.
    """
    deadline = time.monotonic() + timeout
    while not program.ready(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            why = "ended" if process.poll() is not None else f"was not ready in {timeout:.0f} s"
            raise UnavailableError(f"{program.name} {why}. The end of {log}:\n{tail(log)}")
        time.sleep(PAUSE)


def halt(process: subprocess.Popen[bytes], stop_signal: signal.Signals, patience: float) -> int:
    """Stop the process, with force after `patience` seconds; its exit status."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(stop_signal)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log; empty if there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
