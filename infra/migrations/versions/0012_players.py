"""Players: what is felt for them, said with them, scored and told again; extensions in a schema of their own."""

from alembic import op
from sqlalchemy import text

from infra.migrations.render import run

revision = "0012"
down_revision = "0011"

INSTALLED = "select extversion from pg_extension where extname = :name and extnamespace = 'extensions'::regnamespace"
SCANS_ON = (0, 8)  # the version of `vector` from which a scan of the index goes on until enough rows are found


def upgrade() -> None:
    run("0012_extensions.sql")
    vector = installed("vector")
    run("0012_players.up.sql", vector=vector, scans_on=vector >= SCANS_ON, trigrams=installed("pg_trgm"))


def downgrade() -> None:
    run("0012_players.down.sql")


def installed(extension: str) -> tuple[int, ...]:
    """The version of an extension in schema `extensions`; empty where it is not there."""
    version = op.get_bind().execute(text(INSTALLED), {"name": extension}).scalar()
    return tuple(int(part) for part in str(version).split(".")) if version else ()
