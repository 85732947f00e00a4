"""One process that reserves permits for a claim's rows over and over: how long it waits, and what that costs."""

import asyncio
import json
import sys
import time
from statistics import quantiles

import psutil
from redis import Redis

from shared.limits import Limiter, Permit, PostgresLimiter
from tests.benchmarks.workers.limited import close, limiter

ROWS = 50  # of a claim
RECIPIENTS = 5000  # who get the rows, in turn
GROUPS = 200  # that they belong to
FIRST = 20  # calls before the clocks start


def batch(number: int) -> list[list[Permit]]:
    """The limits of one claim's rows, on three levels; none of them binds."""
    recipients = [(number * ROWS + row) % RECIPIENTS for row in range(ROWS)]
    return [
        [
            Permit("whole", 10_000_000, 60.0),
            Permit(f"group:{recipient % GROUPS}", 100_000, 60.0),
            Permit(f"recipient:{recipient}", 1000, 60.0),
        ]
        for recipient in recipients
    ]


async def work(kind: str, url: str, calls: int) -> dict[str, float]:
    used = limiter(kind, url)
    for number in range(FIRST):
        await used.reserve(batch(number))
    meter = Meter(url, used)
    await meter.start()
    batches = [batch(FIRST + number) for number in range(calls)]
    waits, cpu = [], time.process_time()
    for rows in batches:
        began = time.perf_counter()
        assert not any(await used.reserve(rows))
        waits.append((time.perf_counter() - began) * 1000)
    spent = time.process_time() - cpu
    server, trips = await meter.stop()
    await close(used)
    cuts = quantiles(waits, n=100)
    milliseconds = {"p50_ms": cuts[49], "p99_ms": cuts[98]}
    costs = {"client_ms": spent * 1000 / calls, "server_ms": server * 1000 / calls, "round_trips": trips / calls}
    return milliseconds | costs


class Meter:
    """The server's processor time in seconds and the round trips so far."""

    def __init__(self, url: str, used: Limiter) -> None:
        self.url, self.used = url, used

    async def start(self) -> None:
        self.began = await self.read()

    async def stop(self) -> tuple[float, int]:
        (seconds, trips), (before, trips_before) = await self.read(), self.began
        return seconds - before, trips - trips_before

    async def read(self) -> tuple[float, int]:
        if isinstance(self.used, PostgresLimiter):
            return await self.backend(self.used)
        with Redis.from_url(self.url) as client:
            spent = client.info("cpu")
            scripts = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        return spent["used_cpu_user_main_thread"] + spent["used_cpu_sys_main_thread"], scripts

    async def backend(self, used: PostgresLimiter) -> tuple[float, int]:
        """Of the limiter's only connection; this look at it is no round trip of the limiter's."""
        trips = used.db.round_trips
        row = await used.db.row(b"select pg_backend_pid() as pid")
        used.db.round_trips = trips
        times = psutil.Process(int((row or {})["pid"])).cpu_times()
        return times.user + times.system, trips


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
