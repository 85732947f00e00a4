"""Who among the users is an admin, and how their tokens say so."""

from infra.migrations.access import own
from infra.migrations.render import run

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run("0022_roles.up.sql")
    run("0013_table.up.sql", access=own("user_roles"))


def downgrade() -> None:
    run("0022_roles.down.sql")
