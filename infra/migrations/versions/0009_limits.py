"""Limits that cost the same however many permits they have: each is read once and written once in a reservation."""

from infra.migrations.render import run

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run("0009_limits.up.sql")


def downgrade() -> None:
    run("0009_limits.down.sql")
