"""What operators do by hand can be undone, and what they look for is found: by address, by error, by failing."""

from infra.migrations.queues import QUEUES
from infra.migrations.render import run

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    run("0029_desk.up.sql", queues=QUEUES, undone=True)


def downgrade() -> None:
    run("0029_desk.down.sql", queues=QUEUES, undone=False)
