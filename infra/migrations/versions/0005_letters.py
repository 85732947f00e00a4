"""What operators see of the queues and do with dead letters: views over all three tables, requeues in waves."""

from infra.migrations.queues import FIRST
from infra.migrations.render import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run("0005_letters.up.sql", queues=FIRST, indexed_by_wake=True)


def downgrade() -> None:
    run("0005_letters.down.sql", queues=FIRST)
