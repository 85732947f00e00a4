"""dbos: a workflow without steps on a queue whose worker may run so many at once; asynchronous where it posts."""

import os
import threading
import time
from typing import Any

import psycopg
import sqlalchemy
from crowd import crowd
from dbos import DBOS, DBOSClient, DBOSConfig
from work import Clock, Handler, Told, answer, payload, told

VERSION = "bench"
POLL = 0.01  # seconds between looks for more workflows; 1 by default
POOL = 20  # connections, its default
YEAR = 365 * 24 * 3600.0  # seconds
LOOK = 0.005  # seconds between looks whether the last workflow is written
FINISHED = "select count(*) from dbos.workflow_status where status = 'SUCCESS'"


class Queue:
    """The workflow that the queue runs, and when the first and the last one did."""

    def __init__(self, order: Told, rows: int) -> None:
        self.handler, self.rows, self.lock = Handler(order), rows, threading.Lock()
        self.first, self.last = threading.Event(), threading.Event()
        config: DBOSConfig = {
            "name": "bench",
            "system_database_url": order.url,
            "log_level": "ERROR",
            "application_version": VERSION,
            "sys_db_pool_size": POOL,
        }
        DBOS(config=config)
        DBOS.workflow(name="noop")(self.posting() if "post" in order.more else self.counting())

    def posting(self) -> Any:
        async def noop(job: dict[str, str]) -> None:
            self.first.set()
            await self.handler(job)
            self.counted()

        return noop

    def counting(self) -> Any:
        def noop(_job: dict[str, str]) -> None:
            self.first.set()
            with self.lock:
                self.handler.handled += 1
            self.counted()

        return noop

    def counted(self) -> None:
        if self.handler.handled == self.rows:
            self.last.set()


def fill(order: Told) -> None:
    Queue(order, 1)
    DBOS.launch()  # makes its tables
    DBOS.destroy()
    client = DBOSClient(system_database_url=order.url)
    client.register_queue("bench", worker_concurrency=order.batch, polling_interval_sec=POLL)
    if later := order.number("later"):
        enqueue(client, order, 1, delay=YEAR)
        multiply(order, "status = 'DELAYED'", later)
    if finished := order.number("finished"):
        enqueue(client, order, 1)
        drain(order, 1)
        multiply(order, "status = 'SUCCESS'", finished)
    enqueue(client, order, order.rows)


def enqueue(client: DBOSClient, order: Told, jobs: int, delay: float | None = None) -> None:
    options: dict[str, Any] = {"workflow_name": "noop", "queue_name": "bench", "app_version": VERSION}
    if delay is not None:
        options["delay_seconds"] = delay
    engine = sqlalchemy.create_engine(order.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for number in range(jobs):
            client.enqueue_in_transaction(connection, options, payload(number))
    engine.dispose()


def multiply(order: Told, model: str, total: int) -> None:
    with psycopg.connect(order.url) as copying:
        crowd(copying, "dbos.workflow_status", model, total, workflow_uuid="gen_random_uuid()::text")


def drain(order: Told, rows: int) -> tuple[Clock, int]:
    """Run the queue until so many rows are written; the clock starts with the first, for launching is no draining."""
    with psycopg.connect(order.url, autocommit=True) as looking:
        before = looking.execute(FINISHED).fetchone()[0]
        queue = Queue(order, rows)
        DBOS.launch()
        queue.first.wait()
        clock = Clock()
        queue.last.wait()
        while looking.execute(FINISHED).fetchone()[0] < before + rows:
            time.sleep(LOOK)
        clock.stop()
    DBOS.destroy()
    return clock, queue.handler.handled


def main(order: Told) -> None:
    if order.action == "fill":
        fill(order)
    else:
        clock, handled = drain(order, order.rows)
        answer("dbos", handled, clock)
    os._exit(0)  # its threads would hold the process up


if __name__ == "__main__":
    main(told())
