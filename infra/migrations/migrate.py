"""Bring a database to a revision, through Alembic."""

import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[2]


def sqlalchemy_url(url: str) -> str:
    """The same address in SQLAlchemy's spelling, which names the driver."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def engine(url: str) -> Engine:
    """Connections that work through a transaction-mode pooler too: psycopg would name the statements that repeat."""
    return create_engine(sqlalchemy_url(url), poolclass=NullPool, connect_args={"prepare_threshold": None})


def config(url: str | None = None) -> Config:
    """Alembic's configuration; `url` is handed over beside the file, since it may hold a percent sign."""
    settings = Config(ROOT / "alembic.ini")
    settings.set_main_option("script_location", str(ROOT / "infra" / "migrations"))
    settings.attributes["url"] = url
    return settings


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to and including `revision`, each in its own transaction."""
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take back every migration after `revision`; `base` takes back all."""
    command.downgrade(config(url), revision)


def current(url: str) -> str | None:
    """The revision that the database is at; None before the first."""
    with engine(url).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The newest revision that this tree has; None without any."""
    return ScriptDirectory.from_config(config()).get_current_head()
