"""What Alembic runs: each migration in its own transaction, where `migrate` or DATABASE_URL says.

A draft (`alembic revision --autogenerate`) is what `infra.migrations.schema` has and the database has not.
"""

import os

from alembic import context

from infra.migrations.autogenerate import PLUGINS, compare_type, include_name, render_item
from infra.migrations.migrate import engine
from infra.migrations.schema import METADATA
from shared.settings import load


def run() -> None:
    url = context.config.attributes.get("url") or load(os.environ).database_url.get_secret_value()
    with engine(url).connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=context.config.attributes.get("tables", METADATA),
            transaction_per_migration=True,
            autogenerate_plugins=PLUGINS,
            compare_server_default=True,
            compare_type=compare_type,
            include_name=include_name,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
