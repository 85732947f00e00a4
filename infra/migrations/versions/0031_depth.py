"""A deep queue is counted by its indexes alone."""

from infra.migrations.queues import QUEUES
from infra.migrations.render import run

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    run("0031_depth.up.sql", queues=QUEUES)


def downgrade() -> None:
    run("0031_depth.down.sql", queues=QUEUES)
