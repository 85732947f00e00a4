"""Row-level security on every table: anon sees nothing, a user their own rows, service_role all."""

from infra.migrations.access import Access, internal, own
from infra.migrations.render import run

revision = "0013"
down_revision = "0012"

TABLES = (
    # How they appear and are reached. Score, chapter and addresses are the server's (an address has to be proved);
    # leaving is too: a subscription has to be ended first.
    Access("users", "id", ("select", "update (display_name, timezone, notifications_enabled)")),
    # What they like is theirs to say; nothing is scored by it.
    own("user_vice_preferences", "insert", "update", "delete"),
    # What was said may be taken back, but not put into anybody's mouth: the server judges it and writes on from it.
    own("conversations", "delete"),
    own("message_embeddings", "delete"),
    # Derived from play: who could write them would win.
    own("user_metrics"),
    own("score_history"),
    own("daily_summaries"),
    # Derived from payments.
    own("orders"),
    own("subscriptions"),
    own("furniture_essence"),
    own("essence_transactions"),
    # A reply is nobody's to read before it is due, and mails and webhooks name no user.
    internal("pending_responses"),
    internal("email_queue"),
    internal("webhook_retry_queue"),
    internal("queues"),
    internal("requeue_waves"),
    # Of people who are no users yet, or by their address only.
    internal("pending_registrations"),
    internal("email_suppressions"),
    # Facts and rules that what users see is derived from.
    internal("webhook_events"),
    internal("stripe_payments"),
    internal("chapter_rules"),
    # How the service itself runs.
    internal("job_history"),
    internal("rate_limit_counters"),
    internal("alert_states"),
    internal("audit_log"),
    internal("alembic_version"),
)
CLAIMS = "nullif(current_setting('request.jwt.claims', true), '')::jsonb"
FUNCTIONS = (  # name, result, body
    ("jwt", "jsonb", f"select {CLAIMS}"),
    ("uid", "uuid", f"select ({CLAIMS} ->> 'sub')::uuid"),
    ("role", "text", f"select {CLAIMS} ->> 'role'"),
)


def upgrade() -> None:
    run("0013_auth.up.sql", functions=FUNCTIONS)
    for access in TABLES:
        run("0013_table.up.sql", access=access)
    run("0013_grants.up.sql")


def downgrade() -> None:
    run("0013_grants.down.sql")
    for access in TABLES:
        run("0013_table.down.sql", access=access)
    run("0013_auth.down.sql")
