"""Rate limits: atomic, several permits over several limits in one round trip, exact in every window.

In Redis where REDIS_URL names one, else in the table `rate_limit_counters`; when Redis fails, PostgreSQL takes over.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from shared import cache, sql
from shared.db import Database
from shared.log import log

PATIENCE = 0.0  # seconds: by default a permit is wanted now or not at all
REDIS_TIMEOUT = 0.5  # seconds; a limiter that is slower than this is worse than none
REDIS_REST = 5.0  # seconds for which a failed Redis is left alone
PREFIX = "nightshift:grants:"
MICROSECONDS = 1_000_000
EACH = 1000  # permits up to which each grant has its own time; of a larger limit, that many times in a window
SQL = sql.beside(__file__, "limits.sql")
# The later of two times that a provider named is the one that holds. A key lives as long as its grants or the hold.
HOLD = """
local packed = redis.call('GET', KEYS[1])
local kept, held = packed and cmsgpack.unpack(packed) or {0}, tonumber(ARGV[1])
if kept[1] < held then
    kept[1] = held
    local time, ends = redis.call('TIME'), math.ceil(held / 1000) + 1
    local lives = time[1] * 1000 + math.floor(time[2] / 1000) + redis.call('PTTL', KEYS[1])
    redis.call('SET', KEYS[1], cmsgpack.pack(kept), 'PXAT', math.max(ends, lives))
end
"""


@dataclass(frozen=True, slots=True)
class Permit:
    """One permit of one limit: at most `permits` of `key` in any `window` seconds.

    All permits of one key in a reservation name the same limit. A limit of more than EACH permits counts its grants up
    to a thousandth of the window longer, so that its cost is bounded.
    """

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
        limits, wanted = _wanted(rows, patience)
        if not limits:
            return [0.0] * len(rows)
        row = await self.db.row(SQL.reserve, wanted=json.dumps(wanted | {"keys": [limit.key for limit in limits]}))
        return [wait / MICROSECONDS for wait in (row or {})["waits"]]

    async def hold(self, key: str, until: datetime) -> None:
        await self.db.rows(SQL.hold, key=key, until=until, repeatable=True)

    async def close(self) -> None:
        """The pool belongs to the process, not to the limiter."""


class RedisLimiter:
    def __init__(self, url: str) -> None:
        self.redis = cache.client(url, REDIS_TIMEOUT)
        self.script = self.redis.register_script(Path(__file__).with_suffix(".lua").read_text())
        self.holding = self.redis.register_script(HOLD)

    async def reserve(self, rows: Sequence[Sequence[Permit]], patience: float = PATIENCE) -> list[float]:
        limits, wanted = _wanted(rows, patience)
        if not limits:
            return [0.0] * len(rows)
        waits = await self.script(keys=[PREFIX + limit.key for limit in limits], args=[json.dumps(wanted)])
        return [wait / MICROSECONDS for wait in json.loads(waits)]

    async def hold(self, key: str, until: datetime) -> None:
        at = int(until.timestamp() * MICROSECONDS)
        await self.holding(keys=[PREFIX + key], args=[at])

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
            except cache.failures() as error:
                self._rest(error)
        return await self.second.reserve(rows, patience)

    async def hold(self, key: str, until: datetime) -> None:
        if time.monotonic() >= self.rests_until:
            try:
                return await self.first.hold(key, until)
            except cache.failures() as error:
                self._rest(error)
        return await self.second.hold(key, until)

    async def close(self) -> None:
        await self.first.close()
        await self.second.close()

    def _rest(self, error: Exception) -> None:
        self.rests_until = time.monotonic() + REDIS_REST
        log.warning("redis failed, postgresql limits the rate", error_type=type(error).__name__)


def limiter(redis_url: SecretStr | None, db: Database) -> Limiter:
    """The limiter that the settings ask for."""
    if redis_url is None:
        return PostgresLimiter(db)
    return FallbackLimiter(RedisLimiter(redis_url.get_secret_value()), PostgresLimiter(db))


def _wanted(rows: Sequence[Sequence[Permit]], patience: float) -> tuple[list[Permit], dict[str, Any]]:
    """The limits that rows name, each once, and what both twins are told of them, in microseconds.

    Each row names its limits by their places in the list, counted from 1.
    """
    places: dict[str, int] = {}
    limits: list[Permit] = []
    for permit in chain.from_iterable(rows):
        if permit.key not in places:
            limits.append(permit)
            places[permit.key] = len(limits)
    return limits, {
        "patience": round(patience * MICROSECONDS),
        "permits": [limit.permits for limit in limits],
        "windows": [round(limit.window * MICROSECONDS) for limit in limits],
        "grains": [_grain(limit) for limit in limits],
        "rows": [[places[permit.key] for permit in permits] for permits in rows],
    }


def _grain(limit: Permit) -> int:
    """Microseconds up to which the times of a limit's grants are rounded up."""
    return 1 if limit.permits <= EACH else max(1, round(limit.window * MICROSECONDS / EACH))
