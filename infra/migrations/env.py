"""What Alembic runs: each migration in its own transaction, where `migrate` or DATABASE_URL says."""

import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from infra.migrations.migrate import sqlalchemy_url
from shared.settings import load


def run() -> None:
    url = context.config.attributes.get("url") or load(os.environ).database_url.get_secret_value()
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run()
