"""A soak in thirds: what the last one shows over what the second showed."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import mean, quantiles

from tests.benchmarks.cases.soak.sampler import TABLES, Sample
from tests.benchmarks.cases.soak.soaked import Soak

THIRDS = 3
Value = Callable[[Sample], float]


def figures(soak: Soak) -> dict[str, list[float]]:
    """What must not grow, in each third: 99th percentiles in milliseconds, and means of bytes."""
    found = {"p99 of a claim, ms": [percentile(claims(soak, part), 99) for part in range(THIRDS)]}
    for queue, thirds in soak.thirds.items():
        found[f"p99 from due to settled, {queue}, ms"] = [latency.p99 for latency in thirds]
    for queue in TABLES:
        found[f"bytes of a row with its indexes, {queue}"] = means(soak, row_bytes(queue))
        found[f"bytes of the claim's index, {queue}"] = means(soak, size(queue, "due_bytes"))
    return found


def claims(soak: Soak, third: int) -> list[float]:
    """The milliseconds of a third's claims."""
    first, last = (soak.seconds * part / THIRDS for part in (third, third + 1))
    return [ms for at, ms in soak.claims if first <= at < last]


def means(soak: Soak, value: Value) -> list[float]:
    cuts = [len(soak.samples) * part // THIRDS for part in range(THIRDS + 1)]
    return [mean(map(value, soak.samples[first:last])) for first, last in pairwise(cuts)]


def row_bytes(queue: str) -> Value:
    def value(sample: Sample) -> float:
        sizes = sample.sizes[queue]
        return (sizes["table_bytes"] + sizes["index_bytes"]) / max(1, sizes["rows"])

    return value


def size(queue: str, name: str) -> Value:
    return lambda sample: float(sample.sizes[queue][name])


def percentile(values: Sequence[float], percent: int) -> float:
    """NaN of less than two values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else float("nan")
