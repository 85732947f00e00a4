"""Prometheus' text format. Source: prometheus.io/docs/instrumenting/exposition_formats."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any, NamedTuple

PARTS = ("_bucket", "_sum", "_count")  # what a histogram's samples are called after its own name
Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    name: str
    labels: Mapping[str, Any]
    value: float

    @property
    def family(self) -> str:
        """The name of its metric."""
        return next((self.name.removesuffix(part) for part in PARTS if self.name.endswith(part)), self.name)


def document(samples: Iterable[Sample], told: Mapping[str, str]) -> str:
    """All samples with the help text of each metric; a metric's samples stand together, as the format wants it."""
    lines: dict[str, list[str]] = {}
    for sample in samples:
        family = sample.family
        lines.setdefault(family, _head(family, sample.name, told[family])).append(
            f"{sample.name}{_labelled(sample.labels)} {sample.value:.15g}"
        )
    return "".join(f"{line}\n" for group in lines.values() for line in group)


def histograms(samples: Iterable[Sample], bounds: Iterable[float]) -> list[Sample]:
    """Counters as they are; histograms, kept as how much fell between two bounds, as how much fell below each.

    Every bound is named, whatever was seen: a series that begins late has no rate.
    """
    plain = list[Sample]()
    fallen = defaultdict[tuple[str, Labels], dict[float, float]](lambda: dict.fromkeys(bounds, 0.0))
    for sample in samples:
        if sample.name.endswith("_bucket"):
            labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
            fallen[sample.family, labels][float(sample.labels["le"])] = sample.value
        else:
            plain.append(sample)
    return [*plain, *(each for (family, labels), counts in fallen.items() for each in _series(family, labels, counts))]


def _series(family: str, labels: Labels, counts: Mapping[float, float]) -> Iterable[Sample]:
    """One histogram's buckets, each with all that is below it, and its count."""
    total = 0.0
    for bound in sorted({*counts, inf}):
        total += counts.get(bound, 0)
        yield Sample(f"{family}_bucket", {**dict(labels), "le": "+Inf" if bound == inf else f"{bound:g}"}, total)
    yield Sample(f"{family}_count", dict(labels), total)


def _head(family: str, name: str, told: str) -> list[str]:
    kind = "histogram" if name != family else "counter" if name.endswith("_total") else "gauge"
    return [f"# HELP {family} {told}", f"# TYPE {family} {kind}"]


def _labelled(labels: Mapping[str, Any]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
