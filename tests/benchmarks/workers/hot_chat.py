"""One chat's replies in front of those of many other chats: how long the others take."""

import asyncio
import contextlib
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from shared.outcome import Done, Fate
from shared.queue import REPLIES, drain
from shared.task import Run
from tests.benchmarks.workers.fills import OWNER, add
from tests.benchmarks.workers.nightshift import Unbound, connected, invocation

HOT = 1_000_000_000  # the chat that many replies wait for
PATIENCE = 240.0  # seconds for the others; what takes longer hangs


class Others(Unbound):
    """Counts what went to other chats, and tells when all of it is out."""

    def __init__(self, run: Run, expected: int) -> None:
        super().__init__(run)
        self.expected, self.all_out = expected, asyncio.Event()

    async def send(self, row: Any) -> Fate:
        if row.telegram_chat_id == HOT:
            return Done()
        if self.sent + 1 == self.expected:
            self.all_out.set()
        return await super().send(row)


def fill(url: str, others: int, hot: int) -> None:
    """The hot chat's replies have been due for two hours, everybody else's for one."""
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OWNER)
        add(connection, "replies", first=1, rows=hot, due=now - timedelta(hours=2), chat=HOT)
        add(connection, "replies", first=1, rows=others, due=now - timedelta(hours=1))


async def work(url: str, others: int, batch: int, redis: str) -> dict[str, object]:
    """One invocation, ended once the others are out and settled: the hot chat goes on one by one."""
    run = invocation(url, "replies", redis)
    sender = Others(run, others)
    await connected(run)
    started = time.perf_counter()
    draining = asyncio.create_task(drain(run, REPLIES, sender, claim=batch, until_empty=True))
    all_out = asyncio.create_task(sender.all_out.wait())
    await asyncio.wait((draining, all_out), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    draining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await draining
    seconds = time.perf_counter() - started
    await run.resources.close()
    return {"seconds": seconds, "handled": sender.sent}


def main(action: str, url: str, others: str, batch: str, *words: str) -> None:
    if action == "fill":
        fill(url, int(others), int(words[0]))
    else:
        print(json.dumps(asyncio.run(work(url, int(others), int(batch), words[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
