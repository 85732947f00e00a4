"""Bring the stack's database up to date; run as a program of its own, since Alembic would stay in memory."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.environment import ROOT, python
from shared.errors import UnavailableError

REVISION = re.compile(r"^revision(?:: str)? = ['\"]([^'\"]+)", re.MULTILINE)
BEFORE = re.compile(r"^down_revision[^=]*= ['\"]([^'\"]+)", re.MULTILINE)
SAMPLES = Path(__file__).with_name("sample.sql")


async def prepare(env: Mapping[str, str], home: Path, *flags: str) -> None:
    """Migrate the database that DATABASE_URL names.

    Args:
        flags: `--create` makes it where there is none, `--samples` fills it where it is empty.

    Raises:
        UnavailableError: it did not work; with the end of what was said.
    """
    log = home / "logs" / "migrate.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = python("-m", "infra.local.prepare", *flags)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT, stdout=output, stderr=output)
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            raise
    if status:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise UnavailableError(f"The database could not be brought up to date. {log} ends with:\n{end}")


def ensure(url: str) -> None:
    """Create the database that the address names, where there is none."""
    import psycopg  # noqa: PLC0415 - `prepare` itself is called where psycopg is not loaded
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415

    wanted = conninfo_to_dict(url)
    name = str(wanted.get("dbname") or "postgres")
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as admin:
        found = admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if found is None:
            admin.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))


def fill(url: str) -> None:
    """Insert the samples into a database without users; all of them or none."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url) as connection:
        if connection.execute("select 1 from users limit 1").fetchone() is None:
            connection.execute(SAMPLES.read_bytes())


def heads() -> set[str]:
    """The newest revision, read from the files: loading Alembic only to do nothing takes most of a start's time."""
    text = "\n".join(path.read_text() for path in (ROOT / "infra" / "migrations" / "versions").glob("*.py"))
    return set(REVISION.findall(text)) - set(BEFORE.findall(text))


def current(url: str) -> set[str]:
    """The revision that the database is at; empty before the first."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url) as connection:
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return set()
        return {row[0] for row in connection.execute("select version_num from alembic_version")}


def upgrade(url: str) -> None:
    if current(url) == heads():
        return
    from infra.migrations import migrate  # noqa: PLC0415 - 400 ms, where there is something to do

    migrate.upgrade(url)


def main() -> None:
    url = os.environ["DATABASE_URL"]
    if "--create" in sys.argv:
        ensure(url)
    upgrade(url)
    if "--samples" in sys.argv:
        fill(url)


if __name__ == "__main__":
    main()
