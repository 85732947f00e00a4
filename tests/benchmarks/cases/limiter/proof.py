"""Many claimers at once, and every window counted afterwards."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg
from redis import Redis

from tests.benchmarks.bench import Bench, FailedError, Sample, answer
from tests.benchmarks.workers.limited import LOG, REDIS, log_reservations

CLAIMERS, PROCESSES = 100, 4
SECONDS = 5
LEVELS = ("whole", "group", "recipient")
REACHED = 0.95  # of its permits that the fullest window of each level holds at least; else nothing was put to the proof
WORKER = "tests.benchmarks.workers.claimers"


@dataclass(frozen=True)
class Limit:
    """A limit as the reservations named it; its window in microseconds."""

    key: str
    permits: int
    window: int

    def of(self, level: str) -> bool:
        return level in self.key.split(":")


@dataclass(frozen=True)
class Reservation:
    """One logged reservation: what was wanted, by the limiter's clock when, and the waits that were answered."""

    wanted: Mapping[str, Any]
    now: int
    waits: Sequence[int]

    def grants(self) -> Iterator[tuple[Limit, int]]:
        """Each grant and its moment, in microseconds."""
        told = self.wanted
        limits = [Limit(*each) for each in zip(told["keys"], told["permits"], told["windows"], strict=True)]
        for row, wait in zip(told["rows"], self.waits, strict=True):
            if wait <= told["patience"]:
                yield from ((limits[place - 1], self.now + wait) for place in row)


def measurement(bench: Bench, kind: str) -> Callable[[], Sample]:
    """A measurement on an emptied Redis or a fresh database; fields as in `counted`."""

    def once() -> Sample:
        if kind == REDIS:
            url = bench.server.redis()
            claim(kind, url, bench.scaled(SECONDS))
            return counted(from_redis(url))
        with bench.server.database("bench", migrated=True) as url:
            log_reservations(url)
            claim(kind, url, bench.scaled(SECONDS))
            return counted(from_postgresql(url))

    return once


def claim(kind: str, url: str, seconds: int) -> None:
    """Let all claimers reserve at the same time."""
    each = str(CLAIMERS // PROCESSES)
    commands = [[sys.executable, "-m", WORKER, kind, url, str(seed), each, str(seconds)] for seed in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(answer, commands))


def from_redis(url: str) -> Iterator[Reservation]:
    with Redis.from_url(url) as client:
        for line in client.lrange(LOG, 0, -1):
            wanted, now, waits, keys = json.loads(line)
            yield Reservation(wanted | {"keys": keys}, now, waits)


def from_postgresql(url: str) -> Iterator[Reservation]:
    with psycopg.connect(url) as connection:
        for row in connection.execute("select wanted, now, waits from reservations"):
            yield Reservation(*row)


def counted(log: Iterable[Reservation]) -> Sample:
    """Count every window of every limit.

    Returns:
        calls and grants; violations: grants that make a window hold more than is permitted; and of each level the
        fullest window, as a share of what it may hold.

    Raises:
        FailedError: a level's limit was never reached.
    """
    calls, moments = 0, defaultdict[Limit, list[int]](list)
    for reservation in log:
        calls += 1
        for limit, moment in reservation.grants():
            moments[limit].append(moment)
    for each in moments.values():
        each.sort()
    full = {level: max(fullest(*found) for found in moments.items() if found[0].of(level)) for level in LEVELS}
    if min(full.values()) < REACHED:
        raise FailedError(f"the claimers reached {min(full.values()):.0%} of a limit only")
    grants = sum(len(each) for each in moments.values())
    return {
        "calls": calls,
        "grants": grants,
        "violations": sum(violations(*found) for found in moments.items()),
        **full,
    }


def violations(limit: Limit, moments: Sequence[int]) -> int:
    """Grants that come sooner than a window after the one that they follow by as many as are permitted."""
    return sum(after - first < limit.window for first, after in zip(moments, moments[limit.permits :], strict=False))


def fullest(limit: Limit, moments: Sequence[int]) -> float:
    """The most grants that any window holds, as a share of the permits."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= limit.window:
            first += 1
        most = max(most, last - first + 1)
    return most / limit.permits
