"""Fires the tasks over HTTP, as a cloud's scheduler does, only without waiting for the next minute."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from infra.local.stack import Stack

AGAIN = {"deliver-responses": 0.0, "process-email-queue": 0.0, "process-webhook-retries": 0.5}  # seconds between runs
DOWN = 0.2  # seconds before a function that did not answer is called again


class Crew:
    """Counts what the runs answered."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self.stack, self.http = stack, http
        self.runs: dict[str, int] = {}
        self.failures: dict[str, int] = {}

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.keep(name, pause)) for name, pause in AGAIN.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def keep(self, name: str, pause: float) -> None:
        """Run a task again and again."""
        while True:
            done = await self.fire(name)
            await asyncio.sleep(pause if done else DOWN)

    async def fire(self, name: str, **tick: str) -> dict[str, Any] | None:
        """One run; None if the function died or failed."""
        headers, body = {"authorization": f"Bearer {self.stack.service_key}"}, {"trigger": "schedule", **tick}
        try:
            answer = await self.http.post(self.stack.url(name), json=body, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError:
            self.failures[name] = self.failures.get(name, 0) + 1
            return None
        self.runs[name] = self.runs.get(name, 0) + 1
        report: dict[str, Any] = answer.json()
        return report
