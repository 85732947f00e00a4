"""What Alembic runs: each migration in its own transaction, where `migrate` or DATABASE_URL says."""

import os

from alembic import context

from infra.migrations.migrate import engine
from shared.settings import load


def run() -> None:
    url = context.config.attributes.get("url") or load(os.environ).database_url.get_secret_value()
    with engine(url).connect() as connection:
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
