"""Claims that write no index, settlements in one pass; `wake_at` is told by the views, and stored no more."""

from infra.migrations.queues import FIRST
from infra.migrations.render import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for queue in FIRST:
        run("0006_fast_claims.up.sql", queue=queue)
    run("0005_views.sql", queues=FIRST, indexed_by_wake=False)
    for queue in FIRST:
        run("0006_wake_at.up.sql", queue=queue)
    run("0006_due_rows.up.sql", queues=FIRST)
    run("0006_named.up.sql")


def downgrade() -> None:
    run("0006_due_rows.down.sql")
    for queue in FIRST:
        run("0006_wake_at.down.sql", queue=queue)
    run("0005_views.sql", queues=FIRST, indexed_by_wake=True)
    for queue in FIRST:
        run("0006_fast_claims.down.sql", queue=queue)
    run("0006_named.down.sql")
