"""What a recap cost by kinds of tokens; a user's replies are found by index, as when the user is deleted."""

from infra.migrations.render import run

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run("0017_cached_tokens.up.sql", cached=True)


def downgrade() -> None:
    run("0017_cached_tokens.down.sql", cached=False)
