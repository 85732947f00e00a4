"""pgqueuer: several PgQueuers over asyncpg in one process, and uvloop, as in its own benchmark."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import psycopg
import uvloop
from crowd import crowd
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.models import Job
from pgqueuer.queries import Queries
from work import Clock, Handler, Told, answer, payload, told

CONSUMERS = 2  # each with a connection of its own: one claims while another settles
TAIL = timedelta(milliseconds=10)  # between looks at an empty queue
YEAR = timedelta(days=365)
DUE = timedelta()
NEXT = "nextval(pg_get_serial_sequence('public.pgqueuer', 'id'))"


async def fill(order: Told) -> None:
    connection = await asyncpg.connect(order.url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    if later := order.number("later"):
        await enqueue(queries, 1, YEAR)
        with psycopg.connect(order.url) as copying:
            crowd(copying, "public.pgqueuer", "true", later)
    if finished := order.number("finished"):
        await enqueue(queries, 1, DUE)
        await drain(order, Handler(order), consumers=1, rows=1)
        with psycopg.connect(order.url) as copying:
            crowd(copying, "public.pgqueuer_log", "status = 'successful'", finished, job_id=NEXT)
    await enqueue(queries, order.rows, DUE)
    await connection.close()


async def enqueue(queries: Queries, jobs: int, delay: timedelta) -> None:
    payloads = [json.dumps(payload(number)).encode() for number in range(jobs)]
    await queries.enqueue(["noop"] * jobs, payloads, [0] * jobs, execute_after=[delay] * jobs)


async def drain(order: Told, handler: Handler, consumers: int, rows: int) -> Clock:
    """Run until so many jobs are done: its own drain mode would wait for the later ones, too."""
    queuers = [PgQueuer(AsyncpgDriver(await asyncpg.connect(order.url))) for _ in range(consumers)]

    async def noop(job: Job) -> None:
        await handler(json.loads(job.payload or b"{}"))
        if handler.handled == rows:
            for queuer in queuers:
                queuer.qm.shutdown.set()

    for queuer in queuers:
        queuer.entrypoint("noop")(noop)
    clock = Clock()
    await asyncio.gather(*(queuer.qm.run(dequeue_timeout=TAIL, batch_size=order.batch) for queuer in queuers))
    clock.stop()
    return clock


async def main(order: Told) -> None:
    if order.action == "fill":
        await fill(order)
        return
    handler = Handler(order)
    clock = await drain(order, handler, CONSUMERS, order.rows)
    await handler.close()
    answer("pgqueuer", handler.handled, clock)


if __name__ == "__main__":
    uvloop.run(main(told()))
