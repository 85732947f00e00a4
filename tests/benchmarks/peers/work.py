"""What every peer in Python is told, does for a job, and answers."""

import importlib.metadata
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

IN_FLIGHT = 50  # posts at once; a system may have started more jobs, which then wait for their turn
TEXT = "A text of some forty characters, and its number"


@dataclass(frozen=True)
class Told:
    """The command line: `fill|drain URL ROWS BATCH`, then words, each with its value (`post URL`, `later N`)."""

    action: str
    url: str
    rows: int
    batch: int
    more: Mapping[str, str]

    def number(self, word: str) -> int:
        return int(self.more.get(word, 0))


def told() -> Told:
    action, url, rows, batch, *more = sys.argv[1:]
    return Told(action, url, int(rows), int(batch), dict(zip(more[::2], more[1::2], strict=True)))


def payload(number: int) -> dict[str, str]:
    return {"to": f"user{number}@example.org", "text": TEXT}


class Handler:
    """Counts the jobs; told `post URL`, it first posts each and waits for the answer."""

    def __init__(self, order: Told) -> None:
        self.url, self.handled = order.more.get("post"), 0
        self.session: aiohttp.ClientSession | None = None

    async def __call__(self, job: Mapping[str, Any]) -> None:
        if self.url:
            await self.post(self.url, job)
        self.handled += 1

    async def post(self, url: str, job: Mapping[str, Any]) -> None:
        if self.session is None:  # opened by the first job: a session belongs to the loop that jobs run on
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT))
        async with self.session.post(url, json=job, raise_for_status=True) as response:
            await response.read()

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()


class Clock:
    """Seconds, and seconds of this process's CPU, from its making to its stop."""

    def __init__(self) -> None:
        self.started, self.busy = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self.seconds, self.cpu = time.perf_counter() - self.started, time.process_time() - self.busy


def answer(package: str, handled: int, clock: Clock) -> None:
    """Say what was done, as the last line of standard output."""
    version = importlib.metadata.version(package)
    said = {"seconds": clock.seconds, "client_cpu_s": clock.cpu, "handled": handled, "version": version}
    print(json.dumps(said), flush=True)
