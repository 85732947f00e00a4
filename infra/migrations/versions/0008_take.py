"""An event of Stripe's is kept and applied by one statement; a checkout and a subscription write each row once."""

from infra.migrations.render import run

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run("0008_take.up.sql")


def downgrade() -> None:
    run("0008_take.down.sql")
