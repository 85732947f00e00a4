"""celery: one worker process on a durable Redis, acknowledging late, without what it can do without."""

import logging
import os
import threading
import time
import warnings
from collections.abc import Mapping

import urllib3
from celery import Celery
from on_redis import durable
from redis import Redis
from work import IN_FLIGHT, Clock, Told, answer, payload, told

QUEUE, TAKEN = "celery", "unacked"  # its keys: what waits, and what was taken and not acknowledged
LOOK = 0.002  # seconds between looks whether the last one is acknowledged
PREFETCH = 4  # batches
SETTINGS = {
    "task_acks_late": True,  # else a task that was taken is lost with its worker
    "task_ignore_result": True,
    "worker_disable_rate_limits": True,
    "worker_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
}


class Work:
    """What the task does, and the count of that."""

    def __init__(self, order: Told) -> None:
        self.order, self.handled, self.last = order, 0, threading.Event()
        self.lock = threading.Lock()
        self.pool = urllib3.PoolManager(maxsize=IN_FLIGHT, block=True)

    def do(self, job: Mapping[str, str]) -> None:
        if "post" in self.order.more:
            answered = self.pool.request("POST", self.order.more["post"], json=job)
            if answered.status >= 400:
                raise RuntimeError(f"the host answered {answered.status}")
        with self.lock:
            self.handled += 1
        if self.handled == self.order.rows:
            self.last.set()


def drain(order: Told, redis: Redis) -> None:
    work, app = Work(order), Celery("bench", broker=order.more["redis"])
    app.conf.update(SETTINGS, worker_prefetch_multiplier=PREFETCH)

    @app.task(name="noop")
    def noop(to: str, text: str) -> None:
        work.do({"to": to, "text": text})

    with app.producer_pool.acquire() as producer:
        for number in range(order.rows):
            noop.apply_async(kwargs=payload(number), producer=producer)
    threads = {"pool": "threads", "concurrency": IN_FLIGHT}
    pool = threads if "post" in order.more else {"pool": "solo", "concurrency": 1}
    worker = app.Worker(without_gossip=True, without_mingle=True, without_heartbeat=True, quiet=True, **pool)
    clock = Clock()
    threading.Thread(target=worker.start, daemon=True).start()
    work.last.wait()
    while redis.llen(QUEUE) or redis.hlen(TAKEN):
        time.sleep(LOOK)
    clock.stop()
    answer("celery", work.handled, clock)


def main(order: Told) -> None:
    if order.action == "drain":  # Redis is empty when a drain starts, which fills it
        with durable(order.more["redis"]) as redis:
            drain(order, redis)
    os._exit(0)  # its worker would wait for a signal


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    main(told())
