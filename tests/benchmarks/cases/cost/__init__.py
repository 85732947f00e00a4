"""The case "cost": what one message costs, and from that a month in the cloud, with lingering against polling."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.benchmarks.bench import Bench, Sample, Series
from tests.benchmarks.cases.cost import bill, page, prices
from tests.benchmarks.cases.cost.bill import Work
from tests.benchmarks.cases.cost.metered import (
    BATCHED,
    EMPTY,
    INTAKE,
    LINES,
    LINGERING,
    drained,
    idle,
    lingering,
    taken_in,
)
from tests.benchmarks.report import Report, Target

NAME, TITLE = "cost", "Cost of a message and of a month"
TRIPS = 0.1  # database round trips per message, at most: a claim, its permits and a settlement go by the batch of 50


def measure(bench: Bench) -> Report:
    """Meter every queue, the intake, and what is paid for while nothing comes."""
    series = bench.interleave(measurements(bench))
    works = {name: work(series, name) for name in (*BATCHED, INTAKE) if name in series.samples}
    return Report(
        summary=(
            "What one message costs in a queue that is drained at batch 50 with a sender that does nothing (medians "
            f"of {bench.rounds} rounds), and the month that follows from it. A function has 512 MB. Its CPU time is "
            "what was measured here, stretched by the share of a core that such a function has; a provider's answer is "
            f"assumed to take {bill.SEND * 1000:.0f} ms, {bill.AT_ONCE} at a time."
        ),
        tables=[page.metered(series), page.months(works), page.database(series), page.lingered(series, works)],
        charts=page.charts(works),
        targets=[trips(series)],
        data={"measured": series.as_json(), "months": page.as_data(works)},
        notes=[page.SENDERS, prices.FREE, prices.DOUBT, page.LIMITS],
    )


def measurements(bench: Bench) -> Mapping[str, Callable[[], Sample]]:
    lines = {line.name: partial(drained, bench, line) for line in LINES}
    others = {INTAKE: partial(taken_in, bench), EMPTY: partial(idle, bench), LINGERING: partial(lingering, bench)}
    return {name: take for name, take in {**lines, **others}.items() if bench.wants(name)}


def work(series: Series, name: str) -> Work:
    """What a function does per message; an event that is posted has the database's time to itself."""
    cpu, wall = (series.median(name, field) / 1000 for field in ("client_cpu_ms", "wall_ms"))
    if name == INTAKE:
        return Work(cpu, waits=max(0.0, wall - cpu))
    return Work(cpu, call=series.median(EMPTY, "client_cpu_ms") / 1000 if EMPTY in series.samples else 0.0)


def trips(series: Series) -> Target:
    known = [series.median(name, "round_trips") for name in BATCHED if name in series.samples]
    return Target(
        "round trips per message at batch 50, of the queue with most",
        max(known, default=float("nan")),
        TRIPS,
        at_least=False,
    )
