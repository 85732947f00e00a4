"""The devices that notices are pushed to, what becomes of those that nobody hears of, and the queue of the notices."""

from infra.migrations.access import internal
from infra.migrations.added_queue import add, take_away
from infra.migrations.queues import ALERTS, FIRST, PUSHES
from infra.migrations.render import run

revision = "0028"
down_revision = "0027"


BEFORE = (*FIRST, ALERTS)


def upgrade() -> None:
    run("0028_devices.up.sql")
    run("0028_push_queue.up.sql")
    add(PUSHES, BEFORE)
    run("0015_write.sql", replace=True, cached=True, pushed=True)
    # A push token is a secret: whoever has it may be able to write to the device. register-device shows it masked.
    for table in ("user_devices", "push_queue", "push_receipts"):
        run("0013_table.up.sql", access=internal(table))
    run("0020_grants.sql")


def downgrade() -> None:
    run("0015_write.sql", replace=True, cached=True)
    take_away(PUSHES, BEFORE)
    run("0028_push_queue.down.sql")
    run("0028_devices.down.sql")
