"""In-process retries for work that is safe to repeat. Queue rows have their own ladder, in the database."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_DELAY = 0.05  # seconds
FACTOR = 4.0
JITTER = 0.1  # plus or minus, as a share of the delay


async def retrying(work: Callable[[], Awaitable[T]], tries: int, *errors: type[Exception]) -> T:
    """Run `work` up to `tries` times, waiting 50 ms, 200 ms, 800 ms (each ±10 %) after one of `errors`."""
    for delay in delays(tries):
        try:
            return await work()
        except errors:
            await asyncio.sleep(delay)
    return await work()


def delays(tries: int) -> list[float]:
    """The waits between `tries` tries, in seconds, jittered."""
    return [FIRST_DELAY * FACTOR**n * random.uniform(1 - JITTER, 1 + JITTER) for n in range(tries - 1)]  # noqa: S311 - spread, not secrecy
