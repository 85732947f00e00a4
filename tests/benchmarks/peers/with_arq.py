"""arq: its worker in burst mode on a durable Redis, results not kept; uvloop."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import uvloop
from arq import ArqRedis, create_pool, func
from arq.connections import RedisSettings
from arq.worker import Worker
from on_redis import durable
from work import Clock, Handler, Told, answer, payload, told

POLL = 0.001  # seconds between looks for more jobs; 0.5 by default
SOME = 1000  # jobs that are enqueued at once


async def main(order: Told) -> None:
    if order.action == "fill":  # Redis is empty when a drain starts, which fills it
        return
    with durable(order.more["redis"]):
        await drain(order, RedisSettings.from_dsn(order.more["redis"]))


async def drain(order: Told, settings: RedisSettings) -> None:
    handler = Handler(order)

    async def noop(_context: Mapping[str, Any], job: Mapping[str, str]) -> None:
        await handler(job)

    pool = await create_pool(settings)
    await fill(pool, order.rows)
    worker = Worker(
        [func(noop, name="noop", keep_result=0)],
        redis_pool=pool,
        burst=True,
        max_jobs=order.batch,
        poll_delay=POLL,
        handle_signals=False,
        log_results=False,
    )
    clock = Clock()
    await worker.main()
    clock.stop()
    await worker.close()
    await handler.close()
    answer("arq", handler.handled, clock)


async def fill(pool: ArqRedis, rows: int) -> None:
    for first in range(0, rows, SOME):
        jobs = (pool.enqueue_job("noop", payload(number)) for number in range(first, min(first + SOME, rows)))
        await asyncio.gather(*jobs)


if __name__ == "__main__":
    logging.disable(logging.INFO)
    uvloop.run(main(told()))
