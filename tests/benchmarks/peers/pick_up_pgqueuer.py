"""pgqueuer picking up single jobs: its PgQueuer as in its quick start, which listens; uvloop as in its benchmark."""

import asyncio
import importlib.metadata
import json
import sys
import time

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.models import Job
from pgqueuer.queries import Queries


async def linger(connection: asyncpg.Connection, rows: int) -> dict[str, object]:
    """Work until so many jobs were handled; when each was."""
    queuer, at, complete = PgQueuer(AsyncpgDriver(connection)), {}, asyncio.Event()

    @queuer.entrypoint("noop")
    async def noop(job: Job) -> None:
        at[(job.payload or b"").decode()] = time.time()
        if len(at) >= rows:
            complete.set()

    running = asyncio.create_task(queuer.run())
    await complete.wait()
    queuer.shutdown.set()
    await running
    return {"at": at, "version": importlib.metadata.version("pgqueuer")}


async def main(action: str, url: str, rows: str = "0") -> None:
    connection = await asyncpg.connect(url)
    if action == "prepare":
        await Queries(AsyncpgDriver(connection)).install()
    else:
        print(json.dumps(await linger(connection, int(rows))))
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
