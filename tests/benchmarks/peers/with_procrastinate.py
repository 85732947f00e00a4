"""procrastinate: workers that share a psycopg pool in one process, which fetch jobs one by one; uvloop."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import uvloop
from crowd import crowd
from procrastinate import App, PsycopgConnector
from procrastinate.tasks import Task
from work import Clock, Handler, Told, answer, payload, told

WORKERS = 5  # each fetches one job at a time
POOL = 20  # connections
YEAR = timedelta(days=365)
EVENTS = """
insert into procrastinate_events (job_id, type, at)
select job.id, event.type, event.at
from procrastinate_jobs job, procrastinate_events event
where job.status = 'succeeded' and event.job_id = (select min(id) from procrastinate_jobs where status = 'succeeded')
  and job.id <> event.job_id
"""


async def fill(app: App, noop: Task, order: Told) -> None:
    await app.schema_manager.apply_schema_async()
    if later := order.number("later"):
        await noop.configure(schedule_at=datetime.now(UTC) + YEAR).defer_async(**payload(0))
        with psycopg.connect(order.url) as copying:  # its triggers write the events of each
            crowd(copying, "public.procrastinate_jobs", "true", later)
    if finished := order.number("finished"):
        await noop.defer_async(**payload(0))
        await drain(app, order)
        with psycopg.connect(order.url) as copying:
            crowd(copying, "public.procrastinate_jobs", "status = 'succeeded'", finished)
            copying.execute(EVENTS)
    await noop.batch_defer_async(*(payload(number) for number in range(order.rows)))


async def drain(app: App, order: Told) -> Clock:
    clock = Clock()
    workers = (
        app.run_worker_async(
            queues=["bench"],
            concurrency=max(1, order.batch // WORKERS),
            wait=False,
            install_signal_handlers=False,
            listen_notify=False,
        )
        for _ in range(WORKERS)
    )
    await asyncio.gather(*workers)
    clock.stop()
    return clock


async def main(order: Told) -> None:
    app = App(connector=PsycopgConnector(conninfo=order.url, min_size=POOL, max_size=POOL))
    handler = Handler(order)

    @app.task(name="noop", queue="bench")
    async def noop(to: str, text: str) -> None:
        await handler({"to": to, "text": text})

    async with app.open_async():
        if order.action == "fill":
            await fill(app, noop, order)
            return
        clock = await drain(app, order)
    await handler.close()
    answer("procrastinate", handler.handled, clock)


if __name__ == "__main__":
    uvloop.run(main(told()))
