"""The case "messages": pages, lists and counts beside a conversation of a million messages."""

import sys
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.workers.message_pages import PARTNERS, named

NAME, TITLE = "messages", "Messages of partners"
MESSAGES, CALLS = 1_000_000, 500
FIRST, BOUND = "the first page", 10.0  # milliseconds, of 95 in 100 calls
WORKER = "tests.benchmarks.workers.message_pages"


def measure(bench: Bench) -> Report:
    """Each call again and again, one after the other, over one filled database."""
    messages, calls = bench.scaled(MESSAGES), bench.scaled(CALLS)
    with bench.server.database("bench", migrated=True) as url:
        with bench.server.filling():
            script([sys.executable, "-m", WORKER, "fill", url, str(messages)])
        bench.server.settle(url)
        series = bench.interleave({name: partial(one, url, name, calls) for name in named() if bench.wants(name)})
    return Report(
        summary=(
            f"{calls:,} calls of each kind, one after the other over one connection, by a user of {PARTNERS} "
            f"conversations, one of which holds {messages:,} messages; a page holds 50. Medians of {bench.rounds} "
            "interleaved rounds, in brackets the lowest and the highest one. Every call that writes has its own commit "
            "on disk."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=[Target(f"95 in 100 calls of {FIRST}", series.median(FIRST, "p95"), BOUND, at_least=False, unit="ms")]
        if FIRST in series
        else [],
        data=series.as_json(),
    )


def one(url: str, name: str, calls: int) -> Sample:
    """The milliseconds of a call: p50, p95.

    Raises:
        FailedError: a call failed.
    """
    return answer([sys.executable, "-m", WORKER, "call", url, name, str(calls)])


def times(series: Series) -> Table:
    rows = [
        [name, number(series.median(name, "p50")), spread(series.values(name, "p95"), series.median(name, "p95"))]
        for name in series
    ]
    return Table(("call", "the median call, ms", "95 in 100 calls, ms"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {"95 in 100 calls": series.median(name, "p95")} for name in series}
