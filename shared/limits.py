"""Rate limits: atomic, several permits over several limits in one round trip, exact in every window.

In Redis where REDIS_URL names one, else in the table `rate_limit_counters`; when Redis fails, PostgreSQL takes over.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from shared import sql
from shared.db import Database
from shared.log import log

PATIENCE = 0.0  # seconds: by default a permit is wanted now or not at all
REDIS_TIMEOUT = 0.5  # seconds; a limiter that is slower than this is worse than none
REDIS_REST = 5.0  # seconds for which a failed Redis is left alone
PREFIX = "nightshift:limit:"
MICROSECONDS = 1_000_000
SQL = sql.beside(__file__, "limits.sql")
# The later of two times that a provider named is the one that holds.
HOLD = """
if tonumber(redis.call('GET', KEYS[1]) or 0) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
end
"""


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit of one limit: at most `permits` of `key` in any `window` seconds."""

    key: str
    permits: int
    window: float


class Limiter(Protocol):
    async def reserve(self, rows: Sequence[Sequence[Permit]], patience: float = PATIENCE) -> list[float]:
        """Take every row's permits, all of a row's or none, in the order given.

        Returns:
            Per row the seconds to wait before it may go. Up to `patience` the permits are taken, for that moment;
            beyond it nothing was taken, and asking again is due after that time.
        """
        ...

    async def hold(self, key: str, until: datetime) -> None:
        """Grant nothing of `key` before a time that the provider named."""
        ...

    async def close(self) -> None: ...


class PostgresLimiter:
    def __init__(self, db: Database) -> None:
        self.db = db

    async def reserve(self, rows: Sequence[Sequence[Permit]], patience: float = PATIENCE) -> list[float]:
        demands = [(row, permit) for row, permits in enumerate(rows) for permit in permits]
        if not demands:
            return [0.0] * len(rows)
        waits = await self.db.rows(
            SQL.reserve,
            row=[row for row, _ in demands],
            key=[permit.key for _, permit in demands],
            permits=[permit.permits for _, permit in demands],
            window=[timedelta(seconds=permit.window) for _, permit in demands],
            patience=timedelta(seconds=patience),
        )
        found = {wait["row_no"]: wait["wait"] for wait in waits}
        return [found.get(row, 0.0) for row in range(len(rows))]

    async def hold(self, key: str, until: datetime) -> None:
        await self.db.rows(SQL.hold, key=key, until=until, repeatable=True)

    async def close(self) -> None:
        """The pool belongs to the process, not to the limiter."""


class RedisLimiter:
    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - paid only where Redis is configured
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        self.redis: Redis = Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 1),
        )
        self.script = self.redis.register_script(Path(__file__).with_suffix(".lua").read_text())
        self.holding = self.redis.register_script(HOLD)

    async def reserve(self, rows: Sequence[Sequence[Permit]], patience: float = PATIENCE) -> list[float]:
        keys: dict[str, int] = {}
        demands: list[Any] = []
        for row, permits in enumerate(rows):
            for permit in permits:
                index = keys.setdefault(PREFIX + permit.key, len(keys) + 1)
                demands += [row, index, permit.permits, int(permit.window * MICROSECONDS)]
        if not demands:
            return [0.0] * len(rows)
        waits = iter(await self.script(keys=list(keys), args=[int(patience * MICROSECONDS), *demands]))
        return [int(next(waits)) / MICROSECONDS if permits else 0.0 for permits in rows]

    async def hold(self, key: str, until: datetime) -> None:
        at = int(until.timestamp() * MICROSECONDS)
        await self.holding(keys=[f"{PREFIX}{key}:held"], args=[at, at // 1000 + 1])

    async def close(self) -> None:
        await self.redis.aclose()


class FallbackLimiter:
    """Redis while it answers; PostgreSQL while it does not. One window may be granted twice at the change."""

    def __init__(self, first: Limiter, second: Limiter) -> None:
        self.first, self.second = first, second
        self.rests_until = 0.0

    async def reserve(self, rows: Sequence[Sequence[Permit]], patience: float = PATIENCE) -> list[float]:
        if time.monotonic() >= self.rests_until:
            try:
                return await self.first.reserve(rows, patience)
            except _redis_errors() as error:
                self._rest(error)
        return await self.second.reserve(rows, patience)

    async def hold(self, key: str, until: datetime) -> None:
        if time.monotonic() >= self.rests_until:
            try:
                return await self.first.hold(key, until)
            except _redis_errors() as error:
                self._rest(error)
        return await self.second.hold(key, until)

    async def close(self) -> None:
        await self.first.close()
        await self.second.close()

    def _rest(self, error: Exception) -> None:
        self.rests_until = time.monotonic() + REDIS_REST
        log.warning("redis failed, postgresql limits the rate", error_type=type(error).__name__)


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - known only where Redis is configured

    return (RedisError, OSError, TimeoutError)


def limiter(redis_url: SecretStr | None, db: Database) -> Limiter:
    """The limiter that the settings ask for."""
    if redis_url is None:
        return PostgresLimiter(db)
    return FallbackLimiter(RedisLimiter(redis_url.get_secret_value()), PostgresLimiter(db))
