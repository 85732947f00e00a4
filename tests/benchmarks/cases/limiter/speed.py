"""One reservation after another, from one process."""

import sys
from collections.abc import Callable

from tests.benchmarks.bench import Bench, Sample, answer
from tests.benchmarks.workers.limited import REDIS

CALLS = 400
WORKER = "tests.benchmarks.workers.permits"


def measurement(bench: Bench, kind: str) -> Callable[[], Sample]:
    """A measurement on an emptied Redis or a fresh database; fields as the worker names them."""

    def once() -> Sample:
        if kind == REDIS:
            return reserved(bench, kind, bench.server.redis())
        with bench.server.database("bench", migrated=True) as url:
            return reserved(bench, kind, url)

    return once


def reserved(bench: Bench, kind: str, url: str) -> Sample:
    return answer([sys.executable, "-m", WORKER, kind, url, str(bench.scaled(CALLS))])
