"""Stripe's events as sent, orders and subscriptions derived from them, and the ledger of essence."""

from infra.migrations.render import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("0004_stripe.up.sql")


def downgrade() -> None:
    run("0004_stripe.down.sql")
