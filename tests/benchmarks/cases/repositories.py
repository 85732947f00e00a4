"""The case "repositories": how long one call of each method takes, on a server that keeps its promises on disk."""

import sys
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.workers.repository_calls import named

NAME, TITLE = "repositories", "Repositories"
USERS, CALLS = 10_000, 500
BOUND = 5.0  # milliseconds, of 95 in 100 calls
WORKER = "tests.benchmarks.workers.repository_calls"


def measure(bench: Bench) -> Report:
    """Each method again and again, one call after the other, over one filled database."""
    users, calls = bench.scaled(USERS), bench.scaled(CALLS)
    with bench.server.database("bench", migrated=True) as url:
        with bench.server.filling():
            script([sys.executable, "-m", WORKER, "fill", url, str(users)])
        bench.server.settle(url)
        series = bench.interleave({name: partial(one, url, name, calls) for name in named() if bench.wants(name)})
    return Report(
        summary=(
            f"{calls:,} calls of each method, one after the other over one connection, each about another one of "
            f"{users:,} users with 3 conversations of 20 messages, 50 changes of score and 30 summaries each: medians "
            f"of {bench.rounds} interleaved rounds, in brackets the lowest and the highest one. Every call that writes "
            "has its own commit on disk."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=[slowest(series)],
        data=series.as_json(),
    )


def one(url: str, name: str, calls: int) -> Sample:
    """The milliseconds of a call: p50, p95.

    Raises:
        FailedError: a call failed.
    """
    return answer([sys.executable, "-m", WORKER, "call", url, name, str(calls)])


def slowest(series: Series) -> Target:
    name = max(series, key=lambda each: series.median(each, "p95"))
    return Target(f"95 in 100 calls of the slowest method ({name})", series.median(name, "p95"), BOUND, False, "ms")  # noqa: FBT003


def times(series: Series) -> Table:
    rows = [
        [name, number(series.median(name, "p50")), spread(series.values(name, "p95"), series.median(name, "p95"))]
        for name in series
    ]
    return Table(("method", "the median call, ms", "95 in 100 calls, ms"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {"95 in 100 calls": series.median(name, "p95")} for name in series}
