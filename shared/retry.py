"""In-process retries for work that is safe to repeat. Queue rows have their own ladder, in the database."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import UnavailableError

T = TypeVar("T")

FIRST_DELAY = 0.05  # seconds
FACTOR = 4.0
JITTER = 0.1  # plus or minus, as a share of the delay
LAST_TRY = 5.0  # seconds left below which what could not be written down is not tried again
PAUSE = 0.1  # seconds between such tries


async def retrying(work: Callable[[], Awaitable[T]], tries: int, *errors: type[Exception]) -> T:
    """Run `work` up to `tries` times, waiting 50 ms, 200 ms, 800 ms (each ±10 %) after one of `errors`."""
    for delay in delays(tries):
        try:
            return await work()
        except errors:
            await asyncio.sleep(delay)
    return await work()


async def written_down(write: Callable[[], Awaitable[None]], seconds_left: Callable[[], float]) -> None:
    """Write what a run knows at its end, however often that takes while the database is away and there is time.

    Raises:
        UnavailableError: the time was not enough.
    """
    while True:
        try:
            return await write()
        except UnavailableError:
            if seconds_left() < LAST_TRY:
                raise
            await asyncio.sleep(PAUSE)


def delays(tries: int) -> list[float]:
    """The waits between `tries` tries, in seconds, jittered."""
    return [FIRST_DELAY * FACTOR**n * random.uniform(1 - JITTER, 1 + JITTER) for n in range(tries - 1)]  # noqa: S311 - spread, not secrecy
