"""The PostgreSQL that a benchmark runs on: the wheel's, durable, on a real disk, gone afterwards."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql
from redis import Redis

from infra.local.postgres import Postgres
from infra.local.program import free_port
from infra.local.valkey import Valkey
from infra.migrations import migrate

DISK = Path("/var/tmp")  # noqa: S108 - survives a reboot by convention, so it is no memory; checked below
MEMORY = {"tmpfs", "ramfs"}
TEMPLATE = "bench_nightshift"  # migrated once a run; its copy is every measurement's fresh database
ROOM = ("shared_buffers=512MB", "max_wal_size=4GB")  # what a small server of its own has; durability is untouched


class Roomy(Postgres):
    """The local stack's server with the memory of a small server of its own."""

    def options(self) -> list[str]:
        return [*super().options(), *(part for setting in ROOM for part in ("-c", setting))]


class Server:
    """One server for a whole run, and a Redis for those that want one."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.admin = psycopg.connect(postgres.url("postgres"), autocommit=True)
        self.create(TEMPLATE, "template0")
        migrate.upgrade(postgres.url(TEMPLATE))

    @contextmanager
    def database(self, name: str, *, migrated: bool = False, template: str = "template0") -> Iterator[str]:
        """A fresh database's address, or a copy's of `template`; it is dropped afterwards."""
        self.create(name, TEMPLATE if migrated else template)
        try:
            yield self.postgres.url(name)
        finally:
            self.drop(name)

    def create(self, name: str, template: str) -> None:
        """Copy a database file by file: a large one would otherwise go through the log."""
        statement = sql.SQL("create database {} template {} strategy file_copy")
        self.admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, name: str) -> None:
        self.admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    @contextmanager
    def filling(self) -> Iterator[None]:
        """No autovacuum meanwhile: where the filled rows lie must not depend on whether it came by in between."""
        self.configure(sql.SQL("alter system set autovacuum = off"))
        try:
            yield
        finally:
            self.configure(sql.SQL("alter system reset autovacuum"))

    def configure(self, statement: sql.SQL) -> None:
        self.admin.execute(statement)
        self.admin.execute("select pg_reload_conf()")

    def settle(self, url: str) -> None:
        """Bring a filled database to rest: statistics are current, and no checkpoint is due for what was loaded."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum (analyze)")
        self.rest()

    def rest(self) -> None:
        """Have everything on disk: what was loaded or dropped before must not slow down the commits to come."""
        self.admin.execute("checkpoint")
        os.sync()

    def setting(self, name: str) -> str:
        return str(self.value("select current_setting(%s)", name))

    def wal_bytes(self) -> int:
        """Bytes of log written so far."""
        return int(self.value("select pg_current_wal_insert_lsn() - '0/0'"))

    def cpu_seconds(self) -> float:
        """Processor time of the server so far, of all its processes, whether they still run or not."""
        assert self.postgres.process is not None
        parent = psutil.Process(self.postgres.process.pid)
        spent = sum(parent.cpu_times()[:4])
        for child in parent.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                spent += sum(child.cpu_times()[:2])
        return spent

    def redis(self) -> str:
        """The address of a Redis, emptied."""
        Redis.from_url(self.valkey.url()).flushall()
        return self.valkey.url()

    def close(self) -> None:
        self.admin.close()
        if "valkey" in vars(self):
            self.valkey.stop()

    @cached_property
    def valkey(self) -> Valkey:
        valkey = Valkey(self.postgres.home, free_port())
        valkey.start()
        return valkey

    def value(self, statement: str, *parameters: Any) -> Any:
        [value] = self.admin.execute(statement.encode(), parameters).fetchone() or [None]
        return value


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
    postgres = Roomy(home, free_port())
    try:
        postgres.start()
        with contextlib.closing(Server(postgres)) as server:
            yield server
    finally:
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


def filesystem(path: Path) -> str:
    """The type of the file system that holds this directory."""
    mounts = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    return next((mounts[str(up)] for up in (path, *path.parents) if str(up) in mounts), "unknown")
