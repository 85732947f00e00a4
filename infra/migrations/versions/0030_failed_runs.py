"""Failed runs are found among very many that did not fail."""

from infra.migrations.render import run

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    run("0030_failed_runs.up.sql")


def downgrade() -> None:
    run("0030_failed_runs.down.sql")
