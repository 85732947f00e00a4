"""One soak: a feeder and two workers in processes of their own, looked at until all is sent."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from tests.benchmarks.bench import COLUMNS, PATIENCE, Bench, answer, console
from tests.benchmarks.cases.soak.sampler import TABLES, Latency, Sample, Sampler
from tests.benchmarks.workers.soak_feed import AHEAD

RATE = 500  # rows per second of both queues together
SECONDS = 1800
LOOK = 15.0  # seconds between looks
LOOKS = 12  # at least, of a short soak
WORKERS = 2
GRACE = 10.0  # seconds past the last due time, if the feeder was never late, until a worker ends that finds nothing


@dataclass(frozen=True)
class Soak:
    """What a soak showed.

    Attributes:
        claims: when each claim began, in seconds since the beginning, and its milliseconds.
        thirds: by queue from due to settled in each third.
        fed: by queue the rows that were enqueued; `late` is by how many seconds the feeder was, at most.
        sent: by queue the sends of all workers.
        left: by queue the rows that the table says were sent, and that it doubts.
    """

    seconds: float
    samples: list[Sample]
    claims: list[tuple[float, float]]
    thirds: dict[str, list[Latency]]
    fed: dict[str, float]
    sent: dict[str, int]
    left: dict[str, dict[str, int]]


def soak(bench: Bench) -> Soak:
    """Feed and drain, and look on.

    Raises:
        FailedError: a process failed.
    """
    seconds = float(bench.scaled(SECONDS))
    with bench.server.database("soak", migrated=True) as url, ThreadPoolExecutor() as pool:
        bench.server.settle(url)
        sampler, redis = Sampler(bench.server, url), bench.server.redis()
        fed_until = sampler.began.timestamp() + seconds
        until = fed_until + AHEAD + GRACE
        feeder = pool.submit(worker, seconds, "soak_feed", url, RATE, fed_until)
        workers = [pool.submit(worker, seconds, "soak_drain", url, redis, until) for _ in range(WORKERS)]
        samples = looks(sampler, seconds)
        fed, *told = (each.result() for each in (feeder, *workers))
        return found(sampler, seconds, samples, fed, told)


def worker(seconds: float, name: str, *told: object) -> dict[str, Any]:
    """A process of its own, which has so many seconds and the usual patience; what it answers."""
    command = [sys.executable, "-m", f"tests.benchmarks.workers.{name}", *map(str, told)]
    return answer(command, seconds + PATIENCE)


def looks(sampler: Sampler, seconds: float) -> list[Sample]:
    """Look on until the feeder's time is up."""
    every = min(LOOK, seconds / LOOKS)
    samples = []
    with Progress(*COLUMNS, console=console) as progress:
        bar = progress.add_task("soaking", total=round(seconds / every))
        for number in range(1, round(seconds / every) + 1):
            time.sleep(max(0.0, sampler.began.timestamp() + number * every - time.time()))
            samples.append(sampler.look())
            progress.advance(bar)
    return samples


def found(
    sampler: Sampler, seconds: float, samples: list[Sample], fed: dict[str, Any], told: list[dict[str, Any]]
) -> Soak:
    began, cuts = sampler.began.timestamp(), [(seconds * part / 3, seconds * (part + 1) / 3) for part in range(3)]
    return Soak(
        seconds=seconds,
        samples=samples,
        claims=sorted((at - began, ms) for each in told for at, ms in each["claims"]),
        thirds={queue: [sampler.part(queue, *cut) for cut in cuts] for queue in TABLES},
        fed=fed,
        sent={queue: sum(each[queue] for each in told) for queue in TABLES},
        left={queue: sampler.left(queue) for queue in TABLES},
    )
