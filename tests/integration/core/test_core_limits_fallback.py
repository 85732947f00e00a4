"""The rate limiter while Redis is away (spec, section 10)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError as RedisGoneError

from infra.local.program import free_port
from shared import limits
from shared.db import Database
from shared.limits import FallbackLimiter, Permit, PostgresLimiter, RedisLimiter
from tests.integration.core.spans import SPAN, near


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("shared.limits.time", SimpleNamespace(monotonic=lambda: self.now))


class Flaky:
    """A Redis that is there or not."""

    def __init__(self, error: Exception | None) -> None:
        self.error, self.asked = error, 0

    async def reserve(self, rows: object, patience: float = 0.0) -> list[float]:
        self.asked += 1
        if self.error:
            raise self.error
        return [7.0]

    async def hold(self, key: str, until: datetime) -> None:
        await self.reserve([])

    async def close(self) -> None:
        self.asked = -1


async def test_without_redis_postgresql_limits_the_rate(db: Database) -> None:
    fallback = FallbackLimiter(RedisLimiter(f"redis://127.0.0.1:{free_port()}/0"), PostgresLimiter(db))
    permit = [Permit("k", 1, SPAN)]
    assert await fallback.reserve([permit]) == [0]
    assert await fallback.reserve([permit]) == [near(SPAN)]
    await fallback.hold("other", datetime.now(UTC) + timedelta(seconds=SPAN))
    assert await fallback.reserve([[Permit("other", 1, 1.0)]]) == [near(SPAN)]
    await fallback.close()


@pytest.mark.parametrize("error", [RedisGoneError(), TimeoutError(), OSError()], ids=lambda e: type(e).__name__)
async def test_a_redis_that_failed_is_left_alone_for_a_while(
    db: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    clock, redis = Clock(monkeypatch), Flaky(error)
    fallback = FallbackLimiter(redis, PostgresLimiter(db))
    permit = [Permit("k", 9, SPAN)]
    await fallback.reserve([permit])
    clock.now += limits.REDIS_REST - 0.1
    await fallback.reserve([permit])
    assert redis.asked == 1
    clock.now += 0.2
    redis.error = None
    assert await fallback.reserve([permit]) == [7.0]
    assert redis.asked == 2


async def test_a_hold_falls_back_too(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, redis = Clock(monkeypatch), Flaky(RedisGoneError())
    fallback = FallbackLimiter(redis, PostgresLimiter(db))
    await fallback.hold("k", datetime.now(UTC) + timedelta(seconds=SPAN))
    assert await fallback.reserve([[Permit("k", 9, 1.0)]]) == [near(SPAN)]
    clock.now += limits.REDIS_REST + 1
    redis.error = None
    await fallback.hold("k", datetime.now(UTC) + timedelta(seconds=SPAN))
    assert redis.asked == 2


async def test_a_fault_of_ours_is_not_taken_for_an_absence(db: Database) -> None:
    fallback = FallbackLimiter(Flaky(ZeroDivisionError()), PostgresLimiter(db))
    with pytest.raises(ZeroDivisionError):
        await fallback.reserve([[Permit("k", 1, 1.0)]])
