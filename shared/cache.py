"""Answers of the database kept in Redis for a while, and none that a change has overtaken.

A key holds an answer, or the mark of a reader who is at the database, or the marks of writers who are about to change
what the answer is made of. A reader's answer is kept only where its own mark still stands: a writer's mark, or its
end, has taken the place of the marks of all who may have read too early.

How old an answer can be: a writer marks the keys before its transaction, so one that dies, or loses Redis, after that
leaves nothing behind but a mark, which ends by itself. A writer that cannot reach Redis at all leaves the answers that
are there to their time (`seconds` of `read`), and so does a Redis that forgets its latest writes in a failover.
"""

import time
from asyncio import gather
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from shared.errors import NightshiftError, UnavailableError
from shared.log import log

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

TIMEOUT = 0.25  # seconds for a connection and for an answer, each tried twice: the database is asked then
REST = 5.0  # seconds for which readers leave a failed Redis alone; writers always try
READING = 10.0  # seconds that a reader's mark lasts, longer than a statement may take
CHANGING = 30.0  # seconds that a writer's mark lasts, longer than a transaction and its repetitions may take
ANSWER, READER, WRITERS = b"a", b"r", b"w"  # the first byte of what a key holds

FIND = """
local found = redis.call('GET', KEYS[1])
if not found then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return found
"""
KEEP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
"""
BEGIN = """
local found = redis.call('GET', KEYS[1])
local others = found and string.sub(found, 1, 1) == 'w' and found or 'w'
redis.call('SET', KEYS[1], others .. ARGV[1], 'PX', ARGV[2])
"""
# The last of the writers opens the key to readers again.
FINISH = """
local found = redis.call('GET', KEYS[1])
if not found then return end
local from, to = string.find(found, ARGV[1], 1, true)
local others = from and string.sub(found, 1, from - 1) .. string.sub(found, to + 1) or found
if others == 'w' or string.sub(found, 1, 1) ~= 'w' then
    redis.call('DEL', KEYS[1])
elseif from then
    redis.call('SET', KEYS[1], others, 'KEEPTTL')
end
"""


def client(url: str, timeout: float) -> "Redis":
    """A client that gives up after so many seconds, and tries a broken connection once more."""
    from redis.asyncio import Redis  # noqa: PLC0415 - paid only where Redis is configured
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    made: Redis = Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 1)
    )
    return made


def failures() -> tuple[type[Exception], ...]:
    """What a Redis that is away or slow raises."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - known only where Redis is configured

    return (RedisError, OSError, TimeoutError)


class NoCache:
    """Every answer from the database."""

    async def read(self, key: str, seconds: float, ask: Callable[[], Awaitable[bytes]]) -> bytes:  # noqa: ARG002
        """The answer to a question.

        Args:
            seconds: for how long an answer may be kept.
            ask: asks the database.
        """
        return await ask()

    @asynccontextmanager
    async def changing(self, *keys: str) -> AsyncIterator[None]:  # noqa: ARG002
        """Around a whole transaction that changes what the answers of these keys are made of."""
        yield

    async def close(self) -> None:
        pass


class Cache(NoCache):
    """Answers from Redis while it is there, else from the database."""

    def __init__(self, url: str) -> None:
        self.redis = client(url, TIMEOUT)
        self.rests_until = 0.0
        self._find, self._keep, self._begin, self._finish = map(self.redis.register_script, (FIND, KEEP, BEGIN, FINISH))

    async def read(self, key: str, seconds: float, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        if time.monotonic() < self.rests_until:
            return await ask()
        mark = READER + token_hex().encode()
        found = await self._tried(self._find(keys=[key], args=[mark, milliseconds(READING)]), missing=WRITERS)
        if found is not None and found.startswith(ANSWER):
            return bytes(found[1:])
        value = await ask()
        if found is None:
            await self._tried(self._keep(keys=[key], args=[mark, ANSWER + value, milliseconds(seconds)]))
        return value

    @asynccontextmanager
    async def changing(self, *keys: str) -> AsyncIterator[None]:
        mark = token_hex()
        await self._each(self._begin, keys, mark, milliseconds(CHANGING))
        try:
            yield
        except NightshiftError as error:
            if not isinstance(error, UnavailableError):  # else it may be committed yet: the marks stay until they end
                await self._each(self._finish, keys, mark)
            raise
        await self._each(self._finish, keys, mark)

    async def close(self) -> None:
        await self.redis.aclose()

    async def _each(self, script: "AsyncScript", keys: tuple[str, ...], *args: Any) -> None:
        await gather(*(self._tried(script(keys=[key], args=args)) for key in keys))

    async def _tried(self, command: Awaitable[Any], missing: Any = None) -> Any:
        try:
            return await command
        except failures() as error:
            self.rests_until = time.monotonic() + REST
            log.warning("redis failed, postgresql answers", error_type=type(error).__name__)
            return missing


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
