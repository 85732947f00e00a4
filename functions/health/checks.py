"""What readiness looks at, and what metrics say."""

from collections.abc import Awaitable, Callable
from typing import Any

from shared import sql
from shared.errors import NightshiftError
from shared.limits import Permit
from shared.resources import Resources

SQL = sql.beside(__file__)
PROBE = Permit("health", 1000, 1.0)

Check = Callable[[Resources], Awaitable[str]]


async def readiness(resources: Resources) -> dict[str, dict[str, Any]]:
    """Each thing that work depends on: whether it is there, whether work needs it, and a word about it."""
    return {
        "database": await _checked(_database, resources, required=True),
        "limiter": await _checked(_limiter, resources, required=False),
    }


async def _checked(check: Check, resources: Resources, *, required: bool) -> dict[str, Any]:
    try:
        return {"ok": True, "required": required, "detail": await check(resources)}
    except NightshiftError as error:
        return {"ok": False, "required": required, "detail": error.detail}


async def _database(resources: Resources) -> str:
    row = await resources.db.row(SQL.migration)
    return f"migrated to {row['version_num']}" if row else "reachable, never migrated: run `nightshift migrate`"


async def _limiter(resources: Resources) -> str:
    await resources.limiter.reserve([[PROBE]])
    return "redis" if resources.settings.redis_url else "postgresql"


async def metrics(resources: Resources) -> str:
    """Prometheus text of queues and runs, and of this process's pool."""
    lines = []
    for row in await resources.db.rows(SQL.queues):
        label = f'queue="{row.pop("queue")}"'
        lines += [f"nightshift_queue_{name}{{{label}}} {float(value or 0):g}" for name, value in row.items()]
    for row in await resources.db.rows(SQL.runs):
        labels = f'job="{row["job"]}",status="{row["status"]}"'
        lines.append(f"nightshift_runs_last_hour{{{labels}}} {row['runs']}")
    lines += [f"nightshift_pool_{name} {value}" for name, value in resources.db.stats().items()]
    return "\n".join(lines) + "\n"
