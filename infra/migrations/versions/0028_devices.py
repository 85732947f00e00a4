"""The devices that notices are pushed to, and what becomes of those that nobody hears of."""

from infra.migrations.access import internal
from infra.migrations.render import run

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run("0028_devices.up.sql")
    # A push token is a secret: whoever has it may be able to write to the device. register-device shows it masked.
    run("0013_table.up.sql", access=internal("user_devices"))


def downgrade() -> None:
    run("0028_devices.down.sql")
