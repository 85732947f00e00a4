"""The case "console": every page of the operators, beside a million rows in each queue."""

import sys
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series, answer, script
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.workers.console_pages import PLACES

NAME, TITLE = "console", "Pages of the console"
ROWS, RUNS, CALLS = 1_000_000, 100_000, 100
BOUND = 100.0  # milliseconds, of 95 in 100 answers
WORKER = "tests.benchmarks.workers.console_pages"


def measure(bench: Bench) -> Report:
    """Each page again and again, one after the other, over one filled database."""
    rows, runs, calls = bench.scaled(ROWS), bench.scaled(RUNS), bench.scaled(CALLS)
    with bench.server.database("bench", migrated=True) as url:
        with bench.server.filling():
            script([sys.executable, "-m", WORKER, "fill", url, str(rows), str(runs)])
        bench.server.settle(url)
        series = bench.interleave({name: partial(one, url, name, calls) for name in PLACES if bench.wants(name)})
    return Report(
        summary=(
            f"{calls:,} requests of each page, one after the other, by somebody who is signed in, beside {rows:,} rows "
            "in each queue (a tenth due, two fifths due in a year, the rest finished, one in twenty dead), "
            f"{runs:,} runs with their logs, and as many events, suppressions and acts. From the request to the whole "
            f"answer, inside the function. Medians of {bench.rounds} interleaved rounds, in brackets the lowest and "
            "the highest one."
        ),
        tables=[times(series)],
        charts={f"{NAME}.svg": plot.bars(TITLE, bars(series), "milliseconds")},
        targets=[
            Target(f"95 in 100 answers: {name}", series.median(name, "p95"), BOUND, at_least=False, unit="ms")
            for name in series
        ],
        data=series.as_json(),
    )


def one(url: str, name: str, calls: int) -> Sample:
    """The milliseconds of an answer, p50 and p95, and its bytes.

    Raises:
        FailedError: it was no page.
    """
    return answer([sys.executable, "-m", WORKER, "call", url, name, str(calls)])


def times(series: Series) -> Table:
    rows = [
        [
            name,
            number(series.median(name, "p50")),
            spread(series.values(name, "p95"), series.median(name, "p95")),
            number(series.median(name, "bytes") / 1000),
        ]
        for name in series
    ]
    return Table(("page", "the median answer, ms", "95 in 100 answers, ms", "kB of HTML"), rows)


def bars(series: Series) -> dict[str, dict[str, float]]:
    return {name: {"95 in 100 answers": series.median(name, "p95")} for name in series}
