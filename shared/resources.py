"""What a process holds for its whole life: settings, pool, HTTP client, limiter. Each is made on first use."""

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from shared import limits, log, settings, traces
from shared.counters import Counters
from shared.db import Database

if TYPE_CHECKING:
    import httpx

    from shared.cache import NoCache
    from shared.last_good import LastGood
    from shared.limits import Limiter
    from shared.partners import Partners


class Resources:
    """Everything that a warm invocation must not pay for twice.

    Attributes:
        ends_at: when the platform ends this process, by the monotonic clock, once it has said so.
    """

    ends_at = float("inf")

    def __init__(self, config: settings.Settings | None = None) -> None:
        self.settings = config or settings.load()
        self.counters = Counters()
        log.log.threshold = self.settings.log_level
        secrets = "".join(key.get_secret_value() for key in self.settings.service_keys[:1])
        log.log.key = hashlib.sha256(secrets.encode()).digest()
        traces.begin(self)

    @cached_property
    def db(self) -> Database:
        config = self.settings
        url, timeout = config.database_url.get_secret_value(), config.db_timeout.total_seconds()
        return Database(url, pool_min=config.db_pool_min, pool_max=config.db_pool_max, timeout=timeout)

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        from shared import http  # noqa: PLC0415 - a third of a cold start, and not every function calls out

        return http.client()

    @cached_property
    def limiter(self) -> "Limiter":
        return limits.limiter(self.settings.redis_url, self.db)

    @cached_property
    def last_good(self) -> "LastGood":
        from shared.last_good import LastGood  # noqa: PLC0415 - only pages ask it

        return LastGood(self.settings.redis_url)

    @cached_property
    def cache(self) -> "NoCache":
        from shared import cache  # noqa: PLC0415 - few functions keep answers

        url = self.settings.redis_url
        return cache.Cache(url.get_secret_value()) if url else cache.NoCache()

    @cached_property
    def partners(self) -> "Partners":
        from shared.partners import Partners  # noqa: PLC0415 - few functions ask who are partners

        return Partners(self.db, self.cache)

    async def close(self) -> None:
        """Close what was opened."""
        opened = vars(self)
        if "last_good" in opened:
            await self.last_good.close()
        if "http" in opened:
            await self.http.aclose()
        if "limiter" in opened:
            await self.limiter.close()
        if "cache" in opened:
            await self.cache.close()
        if "db" in opened:
            await self.db.close()
