"""The PostgreSQL that a benchmark runs on: the wheel's, durable, on a real disk, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from infra.local.postgres import Postgres
from infra.local.program import free_port
from infra.migrations import migrate

DISK = Path("/var/tmp")  # noqa: S108 - survives a reboot by convention, so it is no memory; checked below
MEMORY = {"tmpfs", "ramfs"}
TEMPLATE = "bench_nightshift"  # migrated once a run; its copy is every measurement's fresh database


class Server:
    """One server for a whole run."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.admin = psycopg.connect(postgres.url("postgres"), autocommit=True)
        self.create(TEMPLATE, "template0")
        migrate.upgrade(postgres.url(TEMPLATE))

    @contextmanager
    def database(self, name: str, *, migrated: bool) -> Iterator[str]:
        """A fresh database's address; it is dropped afterwards."""
        self.create(name, TEMPLATE if migrated else "template0")
        try:
            yield self.postgres.url(name)
        finally:
            self.admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def create(self, name: str, template: str) -> None:
        statement = sql.SQL("create database {} template {}")
        self.admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def settle(self, url: str) -> None:
        """Bring a filled database to rest: statistics are current, and no checkpoint is due for what was loaded."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum (analyze)")
        self.admin.execute("checkpoint")

    def setting(self, name: str) -> str:
        row = self.admin.execute("select current_setting(%s)", [name]).fetchone()
        return str(row[0]) if row else ""


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and remove it, however the run ends.

    Raises:
        RuntimeError: there is no disk under the temporary directory.
    """
    if filesystem(DISK) in MEMORY:
        raise RuntimeError(f"{DISK} is memory: figures of durable settings need a disk there.")
    home = Path(tempfile.mkdtemp(prefix="nightshift-bench-", dir=DISK))
    home.chmod(0o755)  # PostgreSQL's own user enters when root runs this
    postgres = Postgres(home, free_port(), durable=True)
    try:
        postgres.start()
        server = Server(postgres)
        yield server
        server.admin.close()
    finally:
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


def filesystem(path: Path) -> str:
    """The type of the file system that holds this directory."""
    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    return next((mounts[str(up)] for up in (path, *path.parents) if str(up) in mounts), "unknown")
