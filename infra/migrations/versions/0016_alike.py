"""Rows that ended alike are settled as one; a settlement and a claim are one call."""

from infra.migrations.queues import FIRST
from infra.migrations.render import run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for queue in FIRST:
        run("0016_alike.sql", queue=queue, grouped=True)
    run("0016_fate.sql", grouped=True)


def downgrade() -> None:
    for queue in FIRST:
        run("0016_alike.sql", queue=queue, grouped=False)
    run("0016_fate.sql", grouped=False)
