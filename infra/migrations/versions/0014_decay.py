"""Players who stay away lose points, once a date."""

from infra.migrations.render import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run("0014_decay.up.sql")


def downgrade() -> None:
    run("0014_decay.down.sql")
