"""Posting to one webhook endpoint: in the background, with retries, each attempt on the record."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import aiohttp

from infra.local.twins.journal import Record

Sleep = Callable[[float], Awaitable[None]]


class Poster:
    """Carries posts to one endpoint until they are taken or given up.

    Args:
        retries: seconds before each further attempt.
        timeout: seconds until the endpoint counts as silent.
    """

    def __init__(self, url: str, *, retries: Sequence[float], timeout: float, sleep: Sleep = asyncio.sleep) -> None:
        self.url = url
        self.retries = retries
        self.sleep = sleep
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._timeout))

    async def close(self) -> None:
        self.drop()
        await self.finished()
        if self._session:
            await self._session.close()

    def drop(self) -> None:
        """Give up everything that is under way."""
        for task in self._tasks:
            task.cancel()

    def launch(self, carrying: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(carrying)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self) -> None:
        """Until nothing is under way, retries included."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def insist(self, attempt: Callable[[int], Awaitable[bool]], *, first: int = 1) -> None:
        """Attempts from the `first` on, with the waits between them, until one is the last."""
        waits = [0.0, *self.retries][first - 1 :]
        for number, wait in enumerate(waits, start=first):
            await self.sleep(wait)
            if await attempt(number):
                return

    async def post(self, body: bytes, headers: Mapping[str, str], record: Record) -> bool:
        """One attempt; whether it was taken."""
        if self._session is None:
            raise RuntimeError("The twin is not running.")
        try:
            async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
                accepted = 200 <= answer.status < 300  # noqa: PLR2004 - 3xx is a failure to those who post webhooks
                record.update(outcome="accepted" if accepted else "refused", status=answer.status, answered=True)
                return accepted
        except TimeoutError:
            record["outcome"] = "timeout"
        except aiohttp.ClientError:
            record["outcome"] = "unreachable"
        return False
