"""What partners write to each other: a conversation for each pair, its members, its messages."""

from infra.migrations.access import Access, own
from infra.migrations.render import run

revision = "0027"
down_revision = "0026"

TABLES = (
    # How far somebody has read is theirs to see; it is the server that counts.
    own("conversation_members"),
    # Both members read all of it. What is written goes through the server, which asks whether they are partners still.
    Access("direct_conversations", "id", ("select",), through="conversation_members"),
    Access("direct_messages", "conversation_id", ("select",), through="conversation_members"),
)


def upgrade() -> None:
    run("0027_messages.up.sql")
    for access in TABLES:
        run("0013_table.up.sql", access=access)


def downgrade() -> None:
    run("0027_messages.down.sql")
