"""The three queue tables, and one life cycle for all of them, rendered once per table."""

from infra.migrations.queues import FIRST
from infra.migrations.render import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run("0002_queue_tables.up.sql")
    run("0002_queue_helpers.up.sql")
    for queue in FIRST:
        run("0002_queue_life_cycle.up.sql", queue=queue)
    run("0002_queue_functions.up.sql", queues=FIRST)


def downgrade() -> None:
    run("0002_queues.down.sql", queues=FIRST)
