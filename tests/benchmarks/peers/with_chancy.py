"""chancy: its asyncio executor with eager polling, completions written every tenth of a second; uvloop."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import psycopg
import uvloop
from chancy import Chancy, Job, Queue, Worker
from chancy.plugins.leadership import Leadership
from chancy.plugins.pruner import Pruner
from chancy.plugins.recovery import Recovery
from crowd import crowd
from work import Clock, Handler, Told, answer, payload, told

UPDATES = 0.1  # seconds between writes of completions; 1 by default
STOP = 1  # seconds that its end may take
YEAR = timedelta(days=365)
QUIET = logging.getLogger("quiet")  # it says a line for each job
QUIET.setLevel(logging.ERROR)
ORDER = told()
HANDLER = Handler(ORDER)
DONE = asyncio.Event()


async def noop(to: str, text: str) -> None:
    await HANDLER({"to": to, "text": text})
    if HANDLER.handled == (1 if ORDER.action == "fill" else ORDER.rows):
        DONE.set()


def queue(order: Told) -> Queue:
    return Queue(
        "bench", concurrency=order.batch, executor=Chancy.Executor.Async, eager_polling=True, polling_interval=1
    )


async def fill(chancy: Chancy, order: Told) -> None:
    await chancy.migrate()
    if later := order.number("later"):
        await chancy.push(job(0).with_scheduled_at(datetime.now(UTC) + YEAR))
        with psycopg.connect(order.url) as copying:
            crowd(copying, "public.chancy_jobs", "true", later, id="uuidv7()")
    if finished := order.number("finished"):
        await push(chancy, 1)
        await drain(chancy, order)
        with psycopg.connect(order.url) as copying:
            crowd(copying, "public.chancy_jobs", "state = 'succeeded'", finished, id="uuidv7()")
    await push(chancy, order.rows)


async def push(chancy: Chancy, jobs: int) -> None:
    async for _ in chancy.push_many([job(number) for number in range(jobs)]):
        pass


def job(number: int) -> Job:
    return Job.from_func(noop, queue="bench", kwargs=payload(number))


async def drain(chancy: Chancy, order: Told) -> Clock:
    await chancy.declare(queue(order), upsert=True)
    worker = Worker(chancy, register_signal_handlers=False, shutdown_timeout=STOP)
    worker.send_outgoing_interval = UPDATES
    clock = Clock()
    async with worker:
        await DONE.wait()
        await worker.flush()
        clock.stop()
    return clock


async def main(order: Told) -> None:
    plugins = [Leadership(), Recovery(), Pruner()]  # without those that count metrics and run workflows
    async with Chancy(order.url, plugins=plugins, no_default_plugins=True, log=QUIET) as chancy:
        if order.action == "fill":
            await fill(chancy, order)
            return
        clock = await drain(chancy, order)
        await HANDLER.close()
        answer("chancy", HANDLER.handled, clock)


if __name__ == "__main__":
    uvloop.run(main(ORDER))
