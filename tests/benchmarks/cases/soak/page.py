"""The page of the case "soak"."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks import plot
from tests.benchmarks.cases.soak.sampler import TABLES
from tests.benchmarks.cases.soak.soaked import Soak
from tests.benchmarks.cases.soak.steady import Value, percentile, row_bytes, size
from tests.benchmarks.report import Table, number

MB = 1e6
SHORT = (
    "The claim's index keeps the entries of finished rows until autovacuum comes by, once a minute: a soak of a few "
    "minutes shows how it fills, and not where it stays."
)
Points = list[tuple[float, float]]


def thirds(figures: Mapping[str, Sequence[float]]) -> Table:
    rows = [[name, *map(number, values)] for name, values in figures.items()]
    return Table(("of each third", "first", "second", "last"), rows)


def looks(soak: Soak) -> Table:
    """A dozen of the looks: the figures of all stand in the JSON file."""
    chosen = soak.samples[:: max(1, len(soak.samples) // 12)]
    rows = []
    for sample in chosen:
        vacuums = sum(sizes["vacuums"] for sizes in sample.sizes.values())
        dead = sum(sizes["dead"] for sizes in sample.sizes.values())
        stored = sum(sizes["rows"] for sizes in sample.sizes.values())
        latest = [f"{number(found.p50)} / {number(found.p99)}" for found in sample.latency.values() if found.settled]
        weight = [number(row_bytes(queue)(sample)) for queue in TABLES]
        cells = [f"{stored:,}", f"{dead:,}", str(vacuums), *weight, number(sample.wal_rate / MB), " and ".join(latest)]
        rows.append([f"{sample.seconds:.0f}", *cells])
    weights = (f"bytes a row, {queue}" for queue in TABLES)
    header = (
        "s",
        "rows",
        "dead",
        "autovacuums",
        *weights,
        "WAL MB/s",
        "due to settled p50 / p99 ms, replies and webhooks",
    )
    return Table(header, rows, "Some of the looks:")


def counts(soak: Soak) -> Table:
    rows = [
        [queue, *(f"{count:,.0f}" for count in (soak.fed[queue], soak.sent[queue], *soak.left[queue].values()))]
        for queue in TABLES
    ]
    header = ("queue", "enqueued", "sends", "rows that were sent", "rows that may have been sent twice")
    return Table(header, rows, f"All rows, in the end (the feeder was {soak.fed['late']:.2f} s late at most):")


def charts(soak: Soak) -> dict[str, str]:
    waits = {f"due to settled p99, {queue}": latency(soak, queue) for queue in TABLES}
    times = {"claim p50": claims(soak, 50), "claim p99": claims(soak, 99), **waits}
    weights = {queue: over(soak, row_bytes(queue)) for queue in TABLES}
    index = {queue: over(soak, size(queue, "due_bytes")) for queue in TABLES}
    dead = {f"dead rows, {queue}": over(soak, size(queue, "dead")) for queue in TABLES}
    wal = {"WAL": over(soak, lambda sample: sample.wal_rate / MB)}
    return {
        "soak_times.svg": plot.lines("Soak: times", times, "seconds", "milliseconds", log_y=True),
        "soak_rows.svg": plot.lines("Soak: a row with its indexes", weights, "seconds", "bytes"),
        "soak_index.svg": plot.lines("Soak: the claim's index", index, "seconds", "bytes"),
        "soak_dead.svg": plot.lines("Soak: rows that wait for autovacuum", dead, "seconds", "rows"),
        "soak_wal.svg": plot.lines("Soak: log", wal, "seconds", "MB per second"),
    }


def over(soak: Soak, value: Value) -> Points:
    return [(sample.seconds, value(sample)) for sample in soak.samples]


def latency(soak: Soak, queue: str) -> Points:
    return [(sample.seconds, sample.latency[queue].p99) for sample in soak.samples if sample.latency[queue].settled]


def claims(soak: Soak, percent: int) -> Points:
    """Of the claims between two looks."""
    points, first = [], 0.0
    for sample in soak.samples:
        found = [ms for at, ms in soak.claims if first <= at < sample.seconds]
        if len(found) > 1:
            points.append((sample.seconds, percentile(found, percent)))
        first = sample.seconds
    return points


def as_data(soak: Soak) -> dict[str, Any]:
    looks = [
        {
            "seconds": round(sample.seconds, 1),
            "wal_bytes_per_second": sample.wal_rate,
            "sizes": sample.sizes,
            "due_to_settled_ms": {queue: vars(found) for queue, found in sample.latency.items() if found.settled},
        }
        for sample in soak.samples
    ]
    claimed = {f"p{percent}": claims(soak, percent) for percent in (50, 99)}
    return {"looks": looks, "claim_ms": claimed, "enqueued": soak.fed, "sends": soak.sent, "left": soak.left}
