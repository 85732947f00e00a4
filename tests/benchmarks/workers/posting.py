"""Nightshift with a handler that calls out: replies through the Bot API's code, webhooks by the process's client."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx
import uvloop

from functions.deliver_responses.reply import Replies
from shared import settings
from shared.http import client
from shared.limits import Permit
from shared.outcome import Done, Fate
from shared.queue import REPLIES, WEBHOOKS, Reply, drain
from shared.resources import Resources
from shared.task import Run, Tick
from tests.benchmarks.workers.fills import fill

HOUR = 3600.0
WIDER = 1000  # times the real limits, which would bind
TOKEN = "1:bench"


class Unbound(Replies):
    """The real sender, under limits of the real levels that do not bind."""

    def permits(self, reply: Reply) -> list[Permit]:
        return [Permit(each.key, each.permits * WIDER, each.window) for each in super().permits(reply)]


class Webhooks:
    """Posts the payload of each row to a fixed address."""

    def __init__(self, run: Run, url: str) -> None:
        self.http, self.url = run.http, f"{url}/webhook"

    def permits(self, row: Any) -> Sequence[Permit]:
        return ()

    async def screen(self, rows: Sequence[Any]) -> Mapping[UUID, Fate]:
        return {}

    async def send(self, row: Any) -> Fate:
        answer = await self.http.post(self.url, json=row.payload)
        answer.raise_for_status()
        return Done()


async def replies(run: Run, batch: int, _: str) -> int:
    await drain(run, REPLIES, Unbound(run), claim=batch, until_empty=True)
    return run.processed


async def webhooks(run: Run, batch: int, url: str) -> int:
    await drain(run, WEBHOOKS, Webhooks(run, url), claim=batch, until_empty=True)
    return run.processed


WAYS = {"replies": replies, "webhooks": webhooks}


async def work(database: str, batch: int, way: str, named: Mapping[str, str]) -> dict[str, Any]:
    """One invocation; the clocks start once it has its connections to PostgreSQL and Redis."""
    told = {"TELEGRAM_API_BASE": named["post"], "TELEGRAM_BOT_TOKEN": TOKEN, "REDIS_URL": named.get("redis", "")}
    run = Run(f"bench-{way}", Tick(), Resources(settings.load({"DATABASE_URL": database} | told)), HOUR)
    await run.db.rows(b"select 1")
    await run.limiter.reserve([[Permit("bench", 1, 1.0)]])
    trips = run.db.round_trips
    said = await timed(WAYS[way](run, batch, named["post"]))
    said["round_trips"] = run.db.round_trips - trips
    await run.resources.close()
    return said


async def alone(rows: int, batch: int, url: str) -> dict[str, Any]:
    """The same calls without a queue: what HTTP can do on this machine at that moment."""
    waiting = iter(range(rows))

    async def one(http: httpx.AsyncClient) -> int:
        return sum([(await http.post(f"{url}/alone", json={"number": number})).is_success for number in waiting])

    async def all_of_them(http: httpx.AsyncClient) -> int:
        return sum(await asyncio.gather(*(one(http) for _ in range(batch))))

    async with client() as http:
        return await timed(all_of_them(http))


async def timed(working: Coroutine[Any, Any, int]) -> dict[str, Any]:
    began, before = time.perf_counter(), cpu()
    handled = await working
    seconds, spent = time.perf_counter() - began, cpu() - before
    return {"handled": handled, "seconds": seconds, "client_cpu_s": spent, "version": "this tree"}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(action: str, database: str, rows: str, batch: str, way: str, *words: str) -> None:
    if action == "fill":
        fill(database, way, int(rows))
        return
    named = dict(pairwise(words))
    doing = alone(int(rows), int(batch), named["post"]) if way == "alone" else work(database, int(batch), way, named)
    print(json.dumps(uvloop.run(doing)))


if __name__ == "__main__":
    main(*sys.argv[1:])
