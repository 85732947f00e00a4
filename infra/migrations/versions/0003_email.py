"""Addresses that want or can take no more mail."""

from infra.migrations.render import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("0003_email.up.sql")


def downgrade() -> None:
    run("0003_email.down.sql")
