"""The case "drain, no-op": due rows, one process, a handler that does nothing, history and attempts recorded."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Sample, Series
from tests.benchmarks.measure import filled_and_drained
from tests.benchmarks.ours import FUSED, LIMITS, OURS, WEBHOOKS
from tests.benchmarks.peers import PEERS
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.systems import System, guarantees, wanted

NAME, TITLE = "drain", "Drain, no-op"
ROWS = 20_000
BATCHES = (50, 200, 500, 1000)
FIRST = 50  # the batch of the specification, at which systems are judged
OF_BARE = 0.8  # of the bare SQL's figure at that batch, at least
SYSTEMS = (*LIMITS, *OURS, *PEERS)
COSTS = ("round_trips", "client_cpu_s", "server_cpu_s", "wal_bytes")


def measure(bench: Bench) -> Report:
    """Drain every system at every batch that means anything to it."""
    systems = wanted(bench, SYSTEMS)
    series = bench.interleave({key(each, batch): one(bench, each, batch) for each in systems for batch in each.batches})
    found = Found(series, [each for each in systems if batches(series, each)])
    return Report(
        summary=(
            f"{bench.scaled(ROWS):,} due rows, one process, a handler that does nothing. Rows per second: medians of "
            f"{bench.rounds} interleaved rounds, in brackets the slowest and the fastest one. Before each measurement: "
            "a fresh database, VACUUM ANALYZE, CHECKPOINT."
        ),
        tables=[rates(bench, found), costs(found), guarantees(found.systems)],
        charts={f"{NAME}.svg": chart(found)},
        targets=targets(found),
        data=series.as_json(),
    )


def key(system: System, batch: int) -> str:
    return f"{system.name} @ {batch}"


def one(bench: Bench, system: System, batch: int) -> Callable[[], Sample]:
    return partial(filled_and_drained, bench, system, given(bench, system), batch)


def given(bench: Bench, system: System) -> int:
    """The rows that a system is given."""
    return min(bench.scaled(ROWS), system.most or bench.scaled(ROWS))


def batches(series: Series, system: System) -> list[int]:
    """The batches at which a system has figures."""
    return [batch for batch in system.batches if key(system, batch) in series]


class Found:
    """The figures of the systems that have some."""

    def __init__(self, series: Series, systems: Sequence[System]) -> None:
        self.series, self.systems = series, systems

    def median(self, system: System, batch: int, field: str = "rate") -> float:
        return self.series.median(key(system, batch), field)

    def best(self, system: System) -> int:
        """The batch at which a system is fastest."""
        return max(batches(self.series, system), key=lambda batch: self.median(system, batch))

    def ratio(self, system: System, other: System, *, best: bool) -> float:
        """How much faster a system is than another: both at batch 50, or each at its own best one."""
        if best and not {system, other} <= set(self.systems):
            return float("nan")
        at, to = (self.best(system), self.best(other)) if best else (FIRST, FIRST)
        return self.series.ratio(key(system, at), key(other, to), "rate")


def targets(found: Found) -> list[Target]:
    return [
        Target(f"at batch {FIRST}, of {FUSED.name}", found.ratio(WEBHOOKS, FUSED, best=False), OF_BARE),
        nearest(found, f"at batch {FIRST}, of the fastest peer", best=False),
        nearest(found, "at the best batch, of the fastest peer", best=True),
    ]


def nearest(found: Found, what: str, *, best: bool) -> Target:
    """The ratio to that peer which comes nearest."""
    ratios = {peer.name: found.ratio(WEBHOOKS, peer, best=best) for peer in found.systems if peer in PEERS}
    known = {name: ratio for name, ratio in ratios.items() if not math.isnan(ratio)}
    name = min(known, key=lambda name: known[name], default="")
    return Target(f"{what} {f'({name})' if name else ''}".strip(), known.get(name, float("nan")), 1.0)


def rates(bench: Bench, found: Found) -> Table:
    rows = [
        [
            named(bench, each),
            bench.versions[each.name],
            at(found, each, FIRST),
            f"{at(found, each, best)} at {best}",
            of(found.ratio(each, FUSED, best=False)),
            of(found.ratio(each, FUSED, best=True)),
        ]
        for each in found.systems
        for best in [found.best(each)]
    ]
    header = ("system", "version", f"batch {FIRST}", "best batch", f"of bare SQL, {FIRST}", "of bare SQL, best")
    return Table(header, rows, "Rows per second:")


def named(bench: Bench, system: System) -> str:
    rows = given(bench, system)
    return system.name if rows == bench.scaled(ROWS) else f"{system.name} ({rows:,} rows)"


def at(found: Found, system: System, batch: int) -> str:
    name = key(system, batch)
    return spread(found.series.values(name, "rate"), found.median(system, batch)) if name in found.series else ""


def of(ratio: float) -> str:
    return "" if math.isnan(ratio) else f"{ratio:.2f}"


def costs(found: Found) -> Table:
    """What 1,000 rows cost at batch 50 and at the best one."""
    rows = [
        [each.name, str(batch), *cells(found, each, batch)]
        for each in found.systems
        for batch in sorted({FIRST, found.best(each)} & set(batches(found.series, each)))
    ]
    header = ("system", "batch", "round trips", "client CPU s", "server CPU s", "WAL bytes")
    return Table(header, rows, "Per 1,000 rows (the WAL with the images of pages first written since a checkpoint):")


def cells(found: Found, system: System, batch: int) -> Iterable[str]:
    told = found.series.fields(key(system, batch))
    return (number(found.median(system, batch, field)) if field in told else "" for field in COSTS)


def chart(found: Found) -> str:
    return plot.bars(TITLE, {each.name: bars(found, each) for each in found.systems}, "rows per second")


def bars(found: Found, system: System) -> dict[str, float]:
    first = {f"batch {FIRST}": found.median(system, FIRST)} if FIRST in batches(found.series, system) else {}
    return first | {"best batch": found.median(system, found.best(system))}
