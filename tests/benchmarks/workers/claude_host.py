"""The twin of Claude's API, each answer after so many milliseconds, without limits that bind.

It prints its address and ends when its input does.
"""

import asyncio
import sys

from infra.local.twins.claude import ClaudeConfig, ClaudeTwin
from infra.local.twins.faults import Latency

UNBOUND = 1_000_000_000


async def serve(wait: float) -> None:
    async with ClaudeTwin(config=ClaudeConfig(limits=(UNBOUND, UNBOUND, UNBOUND))) as twin:
        twin.apply(Latency(base_ms=wait))
        print(twin.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
