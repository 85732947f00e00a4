"""A bell for runs that wait: who makes a row due rings, if a run waits for one."""

from infra.migrations.queues import FIRST
from infra.migrations.render import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("0007_bell.up.sql", queues=FIRST)


def downgrade() -> None:
    run("0007_bell.down.sql", queues=FIRST)
