"""A time by which an answer is certain."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from shared.stripe.crowd import LAST_WORDS

T = TypeVar("T")
_left_behind: set[asyncio.Task[Any]] = set()


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, or TimeoutError after `seconds` at the latest.

    Unlike `asyncio.timeout` it does not wait for the end of work that is slow to be cancelled, as a statement is
    on a database that has stopped answering.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds - LAST_WORDS))
    if done:
        return task.result()
    task.cancel()
    _left_behind.add(task)
    task.add_done_callback(_forget)
    await asyncio.wait({task}, timeout=LAST_WORDS)
    raise TimeoutError


def _forget(task: asyncio.Task[Any]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody warns that it was not
