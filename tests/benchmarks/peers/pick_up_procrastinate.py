"""procrastinate picking up single jobs: one worker as its documentation starts it, which listens; uvloop."""

import asyncio
import contextlib
import importlib.metadata
import json
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector


async def main(action: str, url: str, rows: str = "0") -> None:
    app, at, complete = App(connector=PsycopgConnector(conninfo=url)), {}, asyncio.Event()

    @app.task(name="noop", queue="bench")
    async def noop(id: str) -> None:  # noqa: A002 - the argument's name in the job
        at[id] = time.time()
        if len(at) >= int(rows):
            complete.set()

    async with app.open_async():
        if action == "prepare":
            await app.schema_manager.apply_schema_async()
            return
        running = asyncio.create_task(app.run_worker_async(queues=["bench"], install_signal_handlers=False))
        await complete.wait()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    print(json.dumps({"at": at, "version": importlib.metadata.version("procrastinate")}))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
