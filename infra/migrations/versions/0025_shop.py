"""The shop: items, who owns which, and purchases that happen once or not at all."""

from infra.migrations.access import catalogue, own
from infra.migrations.render import run

revision = "0025"
down_revision = "0023"

TABLES = (catalogue("items"), own("user_items"))


def upgrade() -> None:
    run("0025_shop.up.sql")
    for access in TABLES:
        run("0013_table.up.sql", access=access)


def downgrade() -> None:
    run("0025_shop.down.sql")
