"""What readiness looks at."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from shared import sql
from shared.errors import NightshiftError, UnavailableError
from shared.limits import FallbackLimiter, Permit
from shared.resources import Resources

SQL = sql.beside(__file__)
PROBE = Permit("health", 1000, 1.0)
PATIENCE = 2.0  # seconds for an answer; whoever asks whether we are ready does not wait long either

Check = Callable[[Resources], Awaitable[str]]


async def readiness(resources: Resources) -> dict[str, dict[str, Any]]:
    """Each thing that work depends on: whether it is there, whether work needs it, and a word about it."""
    database, limiter = await asyncio.gather(_checked(_database, resources), _checked(_limiter, resources))
    return {"database": database | {"required": True}, "limiter": limiter | {"required": False}}


async def _checked(check: Check, resources: Resources) -> dict[str, Any]:
    try:
        async with asyncio.timeout(PATIENCE):
            return {"ok": True, "detail": await check(resources)}
    except TimeoutError:
        return {"ok": False, "detail": f"no answer in {PATIENCE:g} s"}
    except NightshiftError as error:
        return {"ok": False, "detail": error.detail}
    except psycopg.Error as error:
        return {"ok": False, "detail": f"not usable ({type(error).__name__})"}


async def _database(resources: Resources) -> str:
    try:
        row = await resources.db.row(SQL.migration)
    except psycopg.errors.UndefinedTable:
        row = None
    if row is None:
        raise UnavailableError("The database was never migrated: run `nightshift migrate`.")
    return f"migrated to {row['version_num']}"


async def _limiter(resources: Resources) -> str:
    limiter = resources.limiter
    await limiter.reserve([[PROBE]])
    if isinstance(limiter, FallbackLimiter):
        return "postgresql, since redis does not answer" if time.monotonic() < limiter.rests_until else "redis"
    return "postgresql"
