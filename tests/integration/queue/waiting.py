"""Races by hand: start a statement that must wait, see that it waits, let it go."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tests.nightshift import Connection

T = TypeVar("T")
PAUSE = 0.005  # seconds between two looks
PATIENCE = 10.0  # seconds until a test gives up


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - the database cannot set an event
            await asyncio.sleep(PAUSE)


async def begun_and_waiting(watcher: Connection, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Start work whose statement runs into a lock; comes back when it waits there."""
    task = asyncio.create_task(work)

    async def waits() -> bool:
        if task.done():
            task.result()
            raise AssertionError("The statement did not have to wait.")
        cursor = await watcher.execute(
            "select 1 as one from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return await cursor.fetchone() is not None

    await until(waits)
    return task
