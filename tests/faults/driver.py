"""A process that delivers replies and stops for good at one point: `python -m tests.faults.driver POINT`."""

import asyncio
import sys
from typing import Any, NoReturn

from functions.deliver_responses.main import deliver_responses
from shared.providers.telegram import Telegram
from shared.queue.store import Store
from shared.resources import Resources
from shared.settings import load
from tests import nightshift

POINTS = {  # the method after or before which it stops
    "claimed": (Store, "claim", "after"),
    "sending": (Telegram, "send", "before"),
    "sent": (Telegram, "send", "after"),
    "settling": (Store, "settle", "before"),
    "settled": (Store, "settle", "after"),
    "exchanging": (Store, "exchange", "before"),  # what a lingering run does instead: it settles and claims at once
    "exchanged": (Store, "exchange", "after"),
}


async def stop() -> NoReturn:
    """Tell whoever started us, and wait to be killed."""
    print("stopped", flush=True)  # noqa: T201 - the parent reads it
    await asyncio.Event().wait()
    raise AssertionError


def stop_at(point: str) -> None:
    owner, name, when = POINTS[point]
    method = getattr(owner, name)

    async def stopping(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            await stop()
        answer = await method(*args, **kwargs)
        if answer:
            await stop()
        return answer

    setattr(owner, name, stopping)


async def main(point: str) -> None:
    stop_at(point)
    await nightshift.post(deliver_responses, Resources(load()), key=nightshift.SERVICE_KEY)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
