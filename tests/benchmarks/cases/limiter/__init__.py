"""The case "rate limiter": permits for a claim's rows in one round trip, and never one too many."""

from tests.benchmarks import plot
from tests.benchmarks.bench import Bench, Series
from tests.benchmarks.cases.limiter import proof, speed
from tests.benchmarks.report import Report, Table, Target, number, spread
from tests.benchmarks.workers.limited import POSTGRESQL, REDIS
from tests.benchmarks.workers.permits import ROWS

NAME, TITLE = "limiter", "Rate limiter"
BACKENDS = (REDIS, POSTGRESQL)
TIMES = {"p50_ms": "p50", "p99_ms": "p99", "client_ms": "client CPU", "server_ms": "server CPU"}


def measure(bench: Bench) -> Report:
    """Speed first, on quiet servers; then the proof under contention."""
    backends = [kind for kind in BACKENDS if bench.wants(kind)]
    took = bench.interleave({kind: speed.measurement(bench, kind) for kind in backends})
    held = bench.interleave({kind: proof.measurement(bench, kind) for kind in backends})
    return Report(
        summary=(
            f"Permits for {ROWS} rows over three levels (the whole provider, a group, a recipient): "
            f"{bench.scaled(speed.CALLS)} reservations one after another, none of which has to wait. And "
            f"{proof.CLAIMERS} claimers in {proof.PROCESSES} processes, each with a connection of its own, that ask "
            f"for more than is permitted for {bench.scaled(proof.SECONDS)} s. There the limiter itself logs, in the "
            "same script or transaction, what it grants and for when, by its own clock; every window of every limit is "
            "then counted from that log, in whole microseconds."
        ),
        tables=[speeds(took), proofs(held)],
        charts={f"{NAME}.svg": plot.bars(f"Permits for {ROWS} rows", bars(took), "milliseconds")},
        targets=[target for kind in backends for target in targets(took, held, kind)],
        data={"speed": took.as_json(), "proof": held.as_json()},
    )


def speeds(took: Series) -> Table:
    rows = [[kind, *(spread(took.values(kind, field), took.median(kind, field)) for field in TIMES)] for kind in took]
    return Table(("limiter", *(f"{name}, ms" for name in TIMES.values())), rows, "One reservation:")


def proofs(held: Series) -> Table:
    rows = [
        [
            kind,
            number(sum(held.values(kind, "calls"))),
            number(sum(held.values(kind, "grants"))),
            *(f"{max(held.values(kind, level)):.1%}" for level in proof.LEVELS),
            number(sum(held.values(kind, "violations"))),
        ]
        for kind in held
    ]
    levels = (f"fullest window, {level}" for level in proof.LEVELS)
    header = ("limiter", "reservations", "grants", *levels, "windows with too many")
    return Table(header, rows, f"{proof.CLAIMERS} claimers, all rounds together:")


def bars(took: Series) -> dict[str, dict[str, float]]:
    return {kind: {name: took.median(kind, field) for field, name in TIMES.items()} for kind in took}


def targets(took: Series, held: Series, kind: str) -> list[Target]:
    trips = took.median(kind, "round_trips") if kind in took else float("nan")
    broken = sum(held.values(kind, "violations")) if kind in held else float("nan")
    return [
        Target(f"round trips for {ROWS} rows over three levels, {kind}", trips, 1, at_least=False),
        Target(f"windows with too many grants, {kind}", broken, 0, at_least=False),
    ]
