"""Alerts are a queue; each job's passes leave a pulse; how the queues stand is noted once a minute."""

from infra.migrations.access import internal
from infra.migrations.added_queue import add, take_away
from infra.migrations.queues import ALERTS, FIRST
from infra.migrations.render import run

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run("0020_alert_queue.up.sql")
    add(ALERTS, FIRST)
    run("0020_pulses.up.sql")
    for table in ("alert_queue", "job_pulses", "queue_samples"):
        run("0013_table.up.sql", access=internal(table))
    run("0020_grants.sql")


def downgrade() -> None:
    run("0020_pulses.down.sql")
    take_away(ALERTS, FIRST)
    run("0020_alert_queue.down.sql")
