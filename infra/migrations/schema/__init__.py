"""The tables as they are at the newest revision: what `alembic revision --autogenerate` compares a database with.

Change a table here and draft the migration: `.venv/bin/alembic revision --autogenerate --rev-id 0014 -m "…"`. Columns,
types, nullability, defaults, keys and indexes are compared; checks, functions, triggers and policies are the
migration's alone. Nothing at run time reads this: functions speak SQL.
"""

from infra.migrations.schema import analytics, payments, players, queues, recaps, service, shop, talk
from infra.migrations.schema.columns import METADATA

__all__ = ["METADATA", "analytics", "payments", "players", "queues", "recaps", "service", "shop", "talk"]
