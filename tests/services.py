"""The real services of one test run: one PostgreSQL and one Valkey, shared by all workers, gone afterwards.

A keeper process owns them. It lives as long as its standard input is open, so it ends with the run that
started it however that ends, Ctrl-C and kill -9 included.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.postgres import Postgres
from infra.local.processes import alive
from infra.local.program import free_port
from infra.local.valkey import Valkey

TEMPLATE = "template_nightshift"
PATIENCE = 60.0  # seconds for the services to come up on a busy machine
PG_BIN = "NIGHTSHIFT_TEST_PG_BIN"  # run the same tests on another PostgreSQL
MEMORY = Path("/dev/shm")  # noqa: S108 - a copy of the template takes 15 ms there, 25 to 550 on disks
ROOM = 1 << 30  # bytes free that make it usable
PREFIX = "nightshift-tests-"
KEPT = "NIGHTSHIFT_TEST_SERVICES"  # tells the workers where the keeper writes


@dataclass(frozen=True)
class Services:
    """Where the services are.

    Attributes:
        postgres: the server's port on 127.0.0.1.
        valkey: the other one's.
    """

    postgres: int
    valkey: int

    def database_url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.postgres}/{name}"

    def redis_url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.valkey}/{database}"


class Keeper:
    """Starts the keeper process and stops it."""

    def __init__(self) -> None:
        sweep()
        self.home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=fastest()))
        self.home.chmod(0o755)  # PostgreSQL's own user enters when root runs the tests
        command = [sys.executable, "-m", "tests.services", str(self.home)]
        root = Path(__file__).resolve().parents[1]
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, cwd=root, start_new_session=True
        )
        os.environ[KEPT] = str(self.home)

    def stop(self) -> None:
        os.environ.pop(KEPT, None)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()


def fastest() -> Path:
    """Where the services' files go: memory, where there is room."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if usable else Path(tempfile.gettempdir())


def sweep() -> None:
    """Delete what runs left behind whose keeper was killed."""
    for left in fastest().glob(f"{PREFIX}*"):
        if not alive(int(left.name.removeprefix(PREFIX).split("-")[0])):
            shutil.rmtree(left, ignore_errors=True)


def services() -> Services:
    """Wait for the services of this run.

    Raises:
        RuntimeError: they did not come up, or a migration failed; with the reason.
    """
    home = Path(os.environ[KEPT])
    answer = home / "services.json"
    deadline = time.monotonic() + PATIENCE
    while not answer.exists():
        if time.monotonic() > deadline or not home.exists():
            raise RuntimeError(f"The test services did not come up in {PATIENCE:.0f} s. See {home}/logs.")
        time.sleep(0.02)
    found = json.loads(answer.read_text())
    if "error" in found:
        raise RuntimeError(f"The test services did not come up:\n{found['error']}")
    return Services(**found)


def keep(home: Path) -> None:
    """Bring the services up, tell where they are, hold them until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the run's; it then closes our input
    bin_dir = os.environ.get(PG_BIN)
    postgres = Postgres(
        home, free_port(), durable=False, max_connections=300, bin_dir=Path(bin_dir) if bin_dir else None
    )
    valkey = Valkey(home, free_port())
    try:
        tell(home, bring_up(postgres, valkey))
        sys.stdin.read()
    finally:
        valkey.stop()
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


def bring_up(postgres: Postgres, valkey: Valkey) -> dict[str, object]:
    """Start both and migrate the template; the answer for the workers, which may be an error."""
    try:
        valkey.start()
        postgres.start()
        make_template(postgres.url("postgres"), postgres.url(TEMPLATE))
    except Exception:  # whatever it is, every test has to hear it
        return {"error": traceback.format_exc()}
    return asdict(Services(postgres.port, valkey.port))


def make_template(admin: str, template: str) -> None:
    """The database that every test gets a copy of, migrated once."""
    import psycopg  # noqa: PLC0415 - loaded while nobody waits

    from infra.migrations import migrate  # noqa: PLC0415 - Alembic takes 400 ms

    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(template)


def tell(home: Path, answer: dict[str, object]) -> None:
    part = home / "services.json.part"
    part.write_text(json.dumps(answer))
    part.rename(home / "services.json")


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
