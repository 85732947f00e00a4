"""Partnerships: one between two users, whichever of them asked."""

from infra.migrations.access import members
from infra.migrations.render import run

revision = "0026"
down_revision = "0025"

PARTNERSHIPS = members("partnerships", "requester_id", "addressee_id")


def upgrade() -> None:
    run("0026_partners.up.sql")
    run("0013_table.up.sql", access=PARTNERSHIPS)


def downgrade() -> None:
    run("0026_partners.down.sql")
