"""procrastinate: one worker with so many jobs at once, over psycopg's pool; uvloop, which can only help it."""

import importlib.metadata
import json
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector

TEXT = "A text of some forty characters, and its number"


async def main(action: str, url: str, rows: str, batch: str) -> None:
    app, handled = App(connector=PsycopgConnector(conninfo=url, min_size=10, max_size=20)), 0

    @app.task(name="noop", queue="bench")
    async def noop(to: str, text: str) -> None:
        nonlocal handled
        handled += 1

    async with app.open_async():
        if action == "fill":
            await app.schema_manager.apply_schema_async()
            await noop.batch_defer_async(*({"to": f"user{n}@example.org", "text": TEXT} for n in range(int(rows))))
            return
        started = time.perf_counter()
        await app.run_worker_async(
            queues=["bench"], concurrency=int(batch), wait=False, install_signal_handlers=False, listen_notify=False
        )
        seconds = time.perf_counter() - started
    version = importlib.metadata.version("procrastinate")
    print(json.dumps({"seconds": seconds, "handled": handled, "version": version}))


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
