"""Drafts of migrations from the description of the tables (seed 002, T8)."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Index, MetaData, Text, inspect

from infra.migrations import migrate
from infra.migrations.autogenerate import OPTIONAL, PLUGINS, compare_type, include_name
from infra.migrations.schema import METADATA
from infra.migrations.schema.columns import Vector

ALEMBIC = Path(sys.executable).with_name("alembic")


def changed() -> MetaData:
    """A copy of the description, to change."""
    copy = MetaData()
    for table in METADATA.tables.values():
        table.to_metadata(copy)
    return copy


def draft(url: str, folder: Path, tables: MetaData) -> str:
    """The text of the migration that `alembic revision --autogenerate` drafts."""
    settings = migrate.config(url)
    settings.attributes["tables"] = tables
    settings.set_main_option(
        "version_locations", os.pathsep.join([f"{migrate.ROOT}/infra/migrations/versions", str(folder)])
    )
    settings.set_main_option("path_separator", "os")
    command.revision(settings, message="Try", autogenerate=True, rev_id="9999", version_path=str(folder))
    (written,) = folder.glob("9999_*.py")
    return written.read_text()


def differences(url: str, tables: MetaData) -> list[Any]:
    with migrate.engine(url).connect() as connection:
        options = {
            "autogenerate_plugins": PLUGINS,
            "compare_server_default": True,
            "compare_type": compare_type,
            "include_name": include_name,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables))


def test_ac_t8_1_alembics_settings_stand_at_the_root() -> None:
    """AC-T8.1, AC-T8.3: the database is DATABASE_URL's, never written into a file."""
    text = (migrate.ROOT / "alembic.ini").read_text()
    assert "script_location = infra/migrations" in text
    assert "postgres" not in text
    assert (migrate.ROOT / "infra/migrations/versions").is_dir()


def test_ac_t8_2_the_command_reaches_the_database_that_the_environment_names(database_url: str) -> None:
    """AC-T8.2: synchronously; nothing that serves requests runs in that process."""
    env = os.environ | {"DATABASE_URL": database_url}
    done = subprocess.run(  # noqa: S603
        [ALEMBIC, "check"], cwd=migrate.ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert "No new upgrade operations detected." in done.stdout + done.stderr
    assert done.returncode == 0


def test_ac_t8_4_nothing_changed_is_nothing_to_do(database_url: str, tmp_path: Path) -> None:
    """AC-T8.4."""
    text = draft(database_url, tmp_path, METADATA)
    assert text.count("    pass") == 2
    assert "op." not in text


def test_ac_t8_4_a_new_column_is_found(database_url: str, tmp_path: Path) -> None:
    """AC-T8.4."""
    tables = changed()
    tables.tables["users"].append_column(Column("nickname", Text))
    text = draft(database_url, tmp_path, tables)
    assert "op.add_column('users', sa.Column('nickname', sa.Text(), nullable=True))" in text
    assert "op.drop_column('users', 'nickname')" in text
    compile(text, "draft", "exec")


def test_a_draft_names_our_own_types_and_where_they_are_from(database_url: str, tmp_path: Path) -> None:
    tables = changed()
    tables.tables["conversations"].append_column(Column("mood", Vector(8)))
    text = draft(database_url, tmp_path, tables)
    assert "from infra.migrations.schema.columns import Vector\n" in text
    assert "sa.Column('mood', Vector(8), nullable=True)" in text


@pytest.mark.parametrize("what", ["column", "null", "default", "type", "index", "table", "unique"])
def test_whatever_drifts_is_found(database_url: str, what: str) -> None:
    tables = changed()
    users = tables.tables["users"]
    if what == "column":
        users._columns.remove(users.c.phone)
    elif what == "null":
        users.c.timezone.nullable = True
    elif what == "default":
        users.c.chapter.server_default = None
    elif what == "type":
        users.c.chapter.type = Text()
    elif what == "index":
        Index("users_phone", users.c.phone)
    elif what == "unique":
        users.constraints -= {each for each in users.constraints if each.name == "users_telegram_id_key"}
    else:
        tables.remove(tables.tables["user_metrics"])
    assert len(differences(database_url, tables)) > 0


def test_the_description_has_every_index_as_it_is(database_url: str) -> None:
    with migrate.engine(database_url).connect() as connection:
        look = inspect(connection)
        found = {
            index["name"]: where(index["dialect_options"].get("postgresql_where"))
            for table in METADATA.tables
            for index in look.get_indexes(table)
            if "duplicates_constraint" not in index
        }
    described = {
        index.name: where(index.dialect_options["postgresql"]["where"])
        for table in METADATA.tables.values()
        for index in table.indexes
    }
    assert described == {name: text for name, text in found.items() if name not in OPTIONAL}


def where(condition: object) -> str:
    """A condition without the brackets that the server puts around its parts."""
    return "" if condition is None else str(condition).replace("(", "").replace(")", "")


def test_ac_t8_5_an_empty_database_is_brought_to_the_newest_revision(empty_database_url: str) -> None:
    """AC-T8.5."""
    env = os.environ | {"DATABASE_URL": empty_database_url}
    subprocess.run([ALEMBIC, "upgrade", "head"], cwd=migrate.ROOT, env=env, check=True, capture_output=True)  # noqa: S603
    assert migrate.current(empty_database_url) == migrate.head()
