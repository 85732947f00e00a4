"""What runs count is kept for Prometheus, and the log lines of a run with the run."""

from infra.migrations.access import internal
from infra.migrations.render import run

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run("0021_counters.up.sql", counted=True)
    run("0013_table.up.sql", access=internal("metric_counters"))


def downgrade() -> None:
    run("0021_counters.down.sql", counted=False)
