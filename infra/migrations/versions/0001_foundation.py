"""Users, runs, channels, alerts, rate limits, audit: what every other table leans on."""

from infra.migrations.render import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    run("0001_foundation.up.sql")


def downgrade() -> None:
    run("0001_foundation.down.sql")
