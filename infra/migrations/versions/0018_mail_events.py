"""What providers tell of sent mails: addresses that get none any more, and `why` says what became of a mail."""

from infra.migrations.queues import EMAILS
from infra.migrations.render import run

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run("0002_why.sql", queue=EMAILS, noticed=True)
    run("0018_suppress.up.sql")


def downgrade() -> None:
    run("0018_suppress.down.sql")
    run("0002_why.sql", queue=EMAILS, noticed=False)
