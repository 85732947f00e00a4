"""Analytics: what happened, roll-ups that follow it, and the views that admins read."""

from infra.migrations.access import internal, own
from infra.migrations.render import run

revision = "0023"
down_revision = "0022"

TABLES = (
    # What is studied is everybody's to be shown, by the server; nobody's to change.
    internal("tracks"),
    # Figures are made of them: who could write them would make up figures.
    own("session_analytics_events"),
    own("learning_path"),
    own("user_study_log"),
)
SOURCES = ("session_analytics_events", "user_study_log", "learning_path")
WEEKLY = (  # view, kind of step on the path
    ("quiz_completion_rates", "quiz"),
    ("review_session_usage", "review"),
    ("explanation_engagement", "learning"),
)
VIEWS = {  # in the order of their refresh, and how their rows are read
    "active_learning_days": "total_days desc, user_id",
    "popular_tracks": "users desc, title, track_id",
    "streak_dropoffs": "streak_days",
    **{view: "week_start desc" for view, _ in WEEKLY},
    "summary_stats": "refreshed_at",
}


def upgrade() -> None:
    run("0023_sources.up.sql")
    run("0023_events.up.sql")
    run("0023_rollups.up.sql")
    run("0023_triggers.up.sql", sources=SOURCES)
    run("0023_fold.sql")
    run("0023_recount.sql", sources=SOURCES)
    run("0023_views.up.sql", weekly=WEEKLY)
    run("0023_refresh.sql", views=VIEWS)
    run("0023_prune.sql")
    for access in TABLES:
        run("0013_table.up.sql", access=access)
    run("0023_close.sql")
    run("0023_first.sql")


def downgrade() -> None:
    run("0023_analytics.down.sql", sources=SOURCES)
