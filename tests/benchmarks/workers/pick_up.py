"""Nightshift picking up single rows: one run that lingers, with a sender that notes when it was called."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared import settings
from shared.limits import Permit
from shared.outcome import Done, Fate
from shared.queue import WEBHOOKS, drain
from shared.resources import Resources
from shared.task import Run, Tick

HOUR = 3600.0


class Noting:
    """Notes the moment of each row's send; `complete` once that many were sent."""

    def __init__(self, rows: int) -> None:
        self.rows, self.complete = rows, asyncio.Event()
        self.at: dict[str, float] = {}

    def permits(self, _row: Any) -> Sequence[Permit]:
        return ()

    async def screen(self, _rows: Sequence[Any]) -> Mapping[UUID, Fate]:
        return {}

    async def send(self, row: Any) -> Fate:
        self.at[row.webhook_event_id] = time.time()
        if len(self.at) >= self.rows:
            self.complete.set()
        return Done()


async def work(url: str, rows: int) -> dict[str, Any]:
    """One invocation that lingers until so many rows were sent."""
    resources = Resources(settings.load({"DATABASE_URL": url, "LOG_LEVEL": "WARNING"}))
    run, sender = Run("bench-pick-up", Tick(), resources, HOUR), Noting(rows)
    draining = asyncio.create_task(drain(run, WEBHOOKS, sender, linger=HOUR))
    complete = asyncio.create_task(sender.complete.wait())
    await asyncio.wait((draining, complete), return_when=asyncio.FIRST_COMPLETED)
    draining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await draining
    await resources.close()
    return {"at": sender.at, "version": "this tree"}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(sys.argv[2], int(sys.argv[3])))))
