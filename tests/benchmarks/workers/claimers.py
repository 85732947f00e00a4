"""Claimers of one process, each with a connection of its own, that want more permits than there are."""

import asyncio
import json
import random
import sys
import time

from shared.limits import Permit
from tests.benchmarks.workers.limited import close, limiter

PATIENCE = 1.0  # seconds for which permits are taken ahead
BATCH = 10  # rows of a reservation at most
WHOLE = (1200, 2.0)  # permits and window in seconds; more than a limit counts one by one
GROUP = (64, 2.0)
RECIPIENT = (5, 0.5)
GROUPS, RECIPIENTS = 20, 100


def permits(recipient: int) -> list[Permit]:
    return [
        Permit("whole", *WHOLE),
        Permit(f"group:{recipient % GROUPS}", *GROUP),
        Permit(f"recipient:{recipient}", *RECIPIENT),
    ]


async def claim(kind: str, url: str, chance: random.Random, until: float) -> int:
    """Reserve for random rows until the time is up; how often."""
    used, calls = limiter(kind, url, logged=True), 0
    while time.monotonic() < until:
        rows = [permits(chance.randrange(RECIPIENTS)) for _ in range(chance.randint(1, BATCH))]
        await used.reserve(rows, PATIENCE)
        calls += 1
    await close(used)
    return calls


async def work(kind: str, url: str, seed: int, claimers: int, seconds: float) -> dict[str, int]:
    until = time.monotonic() + seconds
    chances = [random.Random(seed * claimers + number) for number in range(claimers)]  # noqa: S311 - a load, no secret
    return {"calls": sum(await asyncio.gather(*(claim(kind, url, chance, until) for chance in chances)))}


if __name__ == "__main__":
    kind, url, seed, claimers, seconds = sys.argv[1:]
    print(json.dumps(asyncio.run(work(kind, url, int(seed), int(claimers), float(seconds)))))
