"""pgqueuer: its PgQueuer in drain mode over asyncpg, as its documentation sets it up; uvloop as in its benchmark."""

import importlib.metadata
import json
import sys
import time
from datetime import timedelta

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueExecutionMode
from pgqueuer.queries import Queries

PAYLOAD = b'{"to": "user@example.org", "text": "A text of some forty characters, and its number"}'
TAIL = timedelta(milliseconds=10)  # how soon an empty queue is noticed, so that the end is not waited for


async def fill(connection: asyncpg.Connection, rows: int) -> None:
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.enqueue(["noop"] * rows, [PAYLOAD] * rows, [0] * rows)


async def drain(connection: asyncpg.Connection, batch: int) -> dict[str, object]:
    queuer, handled = PgQueuer(AsyncpgDriver(connection)), 0

    @queuer.entrypoint("noop")
    async def noop(job: Job) -> None:
        nonlocal handled
        handled += 1

    started = time.perf_counter()
    await queuer.qm.run(dequeue_timeout=TAIL, batch_size=batch, mode=QueueExecutionMode.drain)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "handled": handled, "version": importlib.metadata.version("pgqueuer")}


async def main(action: str, url: str, rows: str, batch: str) -> None:
    connection = await asyncpg.connect(url)
    if action == "fill":
        await fill(connection, int(rows))
    else:
        print(json.dumps(await drain(connection, int(batch))))
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
