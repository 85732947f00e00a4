"""The case "growth": a claim and a settlement among ever more rows, and rows per second of ever more workers."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from tests.benchmarks.bench import Bench, Series, console
from tests.benchmarks.cases.growth import page
from tests.benchmarks.cases.growth.page import AMONG, BESIDE
from tests.benchmarks.cases.growth.standing import BATCH, KINDS, Kind, Standing, due
from tests.benchmarks.cases.growth.together import ROWS, drained
from tests.benchmarks.report import Report, Target

NAME, TITLE = "growth", "Growth"
STEPS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)  # standing rows
WORKERS = (1, 2, 4, 8, 16)  # processes
SAME = 1.25  # times what a batch costs beside 1,000 rows, at most: an index of more levels, and fuller caches
JUDGED = {
    "claim_ms": "a claim's time",
    "settle_ms": "a settlement's time",
    "cpu_ms": "PostgreSQL's CPU of a batch",
    "pages": "pages asked for by a batch",
}


def measure(bench: Bench) -> Report:
    """Grow two databases step by step, and drain one that stays small beside each step; then drain in a crowd."""
    grown = {kind: dict(steps(bench, kind)) for kind in KINDS}
    workers = bench.interleave({f"{count} workers": partial(drained, bench, count) for count in WORKERS})
    return Report(
        summary=(
            f"Replies, batch {BATCH}, limits in Redis that never bind. {due(bench):,} due rows are drained among ever "
            "more rows that are due in a year, or are finished. In each round the same drain among "
            f"{bench.scaled(STEPS[0]):,} such rows is measured, too: ratios are to that. Then several processes drain "
            f"{bench.scaled(ROWS):,} due rows together; they share the machine with PostgreSQL."
        ),
        tables=[*(page.standing(kind, grown[kind]) for kind in KINDS), page.crowd(workers)],
        charts=page.charts(grown, workers),
        targets=[target for kind in KINDS for target in targets(kind, grown[kind])],
        data=page.as_data(grown, workers),
    )


def steps(bench: Bench, kind: Kind) -> Iterator[tuple[int, Series]]:
    """The number of standing rows, and the drains among so many and among few."""
    with ExitStack() as stack:
        names = f"growth_{kind}_small", f"growth_{kind}"
        urls = [stack.enter_context(bench.server.database(name, migrated=True)) for name in names]
        small, large = (Standing(bench, url, kind) for url in urls)
        small.grow(bench.scaled(STEPS[0]))
        for rows in map(bench.scaled, STEPS):
            console.print(f"{rows:,} {kind} rows")
            large.grow(rows)
            yield rows, bench.interleave({AMONG: large.drained, BESIDE: small.drained})


def targets(kind: Kind, grown: dict[int, Series]) -> list[Target]:
    most = max(grown)
    return [
        Target(f"{what} among {most:,} {kind} rows, of that among few", ratio(grown[most], field), SAME, at_least=False)
        for field, what in JUDGED.items()
    ]


def ratio(series: Series, field: str) -> float:
    return series.ratio(AMONG, BESIDE, field)
