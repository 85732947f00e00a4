"""Recaps: who waits for one, what they cost, and the message batches that are under way."""

from infra.migrations.access import internal
from infra.migrations.render import run

revision = "0015"
down_revision = "0014"

# How the service works and what it pays: none of it is a user's business before the summary is there.
TABLES = ("recap_work", "recap_batches", "recap_spend", "recap_channel")


def upgrade() -> None:
    run("0015_recaps.up.sql")
    for table in TABLES:
        run("0013_table.up.sql", access=internal(table))


def downgrade() -> None:
    run("0015_recaps.down.sql")
