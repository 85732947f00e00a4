"""A process that writes recaps and stops for good at one point: `python -m tests.faults.recapping POINT`."""

import asyncio
import sys
from typing import Any

from functions.generate_summaries.main import generate_summaries
from functions.generate_summaries.worklist import Worklist
from shared.providers.claude import Claude
from shared.providers.claude_batches import Batches
from shared.resources import Resources
from shared.settings import load
from tests import nightshift
from tests.faults.driver import stop

POINTS = {  # the method after or before which it stops
    "planned": (Worklist, "plan", "after"),
    "claimed": (Worklist, "claim", "after"),
    "reserved": (Worklist, "reserve", "after"),
    "asking": (Claude, "write", "before"),
    "answered": (Claude, "write", "after"),
    "writing": (Worklist, "write", "before"),
    "written": (Worklist, "write", "after"),
    "making": (Batches, "create", "before"),
    "made": (Batches, "create", "after"),
    "collecting": (Batches, "results", "after"),
}


def stop_at(point: str) -> None:
    owner, name, when = POINTS[point]
    method = getattr(owner, name)

    async def stopping(*args: Any, **kwargs: Any) -> Any:
        if name == "write" and owner is Worklist and not args[1]:
            return await method(*args, **kwargs)
        if when == "before":
            await stop()
        await method(*args, **kwargs)
        return await stop()

    setattr(owner, name, stopping)


async def main(point: str) -> None:
    stop_at(point)
    body = {"trigger": "admin"}
    await nightshift.post(generate_summaries, Resources(load()), body, key=nightshift.SERVICE_KEY)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
