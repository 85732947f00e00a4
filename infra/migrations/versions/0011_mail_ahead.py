"""The mail that follows from a payment goes into the queue with the payment's own statement."""

from infra.migrations.render import run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run("0011_mail_ahead.up.sql")


def downgrade() -> None:
    run("0011_mail_ahead.down.sql")
