"""Claims pass over a chat with very many due replies instead of parking each of them; a cheaper index of events."""

from infra.migrations.queues import REPLIES
from infra.migrations.render import run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("0010_hot_lanes.up.sql", queue=REPLIES)
    run("0010_event_index.up.sql")


def downgrade() -> None:
    run("0010_event_index.down.sql")
    run("0010_hot_lanes.down.sql", queue=REPLIES)
