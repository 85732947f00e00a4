"""A day on which nobody lost points is told as one."""

from infra.migrations.render import run

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run("0019_no_decay.up.sql", replace=True, mended=True)


def downgrade() -> None:
    run("0015_facts.sql", replace=True, mended=False)
