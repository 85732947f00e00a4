"""The page of the case "growth"."""

from collections.abc import Mapping
from typing import Any

from tests.benchmarks import plot
from tests.benchmarks.bench import Series
from tests.benchmarks.cases.growth.standing import Kind
from tests.benchmarks.report import Table, number, spread

AMONG, BESIDE = "among all", "among few"
FIELDS = {
    "claim_ms": "claim ms",
    "settle_ms": "settle ms",
    "cpu_ms": "PostgreSQL's CPU ms",
    "pages": "pages",
    "wal": "WAL bytes",
}


def standing(kind: str, grown: Mapping[int, Series]) -> Table:
    """Per number of standing rows what a batch costs, and in brackets of what it costs among few."""
    rows = [[f"{count:,}", *(cell(series, field) for field in FIELDS)] for count, series in grown.items()]
    caption = f"A batch of 50 among rows that are {kind} (medians; in brackets the ratio to the same among few):"
    return Table((f"{kind} rows", *FIELDS.values()), rows, caption)


def cell(series: Series, field: str) -> str:
    if AMONG not in series.samples:
        return ""
    return f"{number(series.median(AMONG, field))} ({series.ratio(AMONG, BESIDE, field):.2f})"


def crowd(workers: Series) -> Table:
    first = next(iter(workers.samples), "")
    rows = [
        [
            name,
            spread(workers.values(name, "rate"), workers.median(name, "rate")),
            f"{workers.ratio(name, first, 'rate'):.2f}",
            number(workers.median(name, "rows_a_claim")),
        ]
        for name in workers.samples
    ]
    return Table(
        ("processes", "rows per second, all", "of one", "rows of a claim"), rows, "One queue, several processes:"
    )


def charts(grown: Mapping[Kind, Mapping[int, Series]], workers: Series) -> dict[str, str]:
    rates = [(float(name.split()[0]), workers.median(name, "rate")) for name in workers.samples]
    crowded = plot.lines("Several processes, one queue", {"all together": rates}, "processes", "rows per second")
    pages = {f"{kind} rows": points(series, AMONG, "pages") for kind, series in grown.items()}
    touched = plot.lines("Pages asked for by a batch of 50", pages, "standing rows", "pages", log_x=True)
    times = {f"growth_{kind}.svg": statements(kind, series) for kind, series in grown.items()}
    return {**times, "growth_pages.svg": touched, "growth_workers.svg": crowded}


def statements(kind: str, grown: Mapping[int, Series]) -> str:
    names = {"claim_ms": "claim", "settle_ms": "settlement"}
    series = {
        f"{name} {where}": points(grown, where, field) for field, name in names.items() for where in (AMONG, BESIDE)
    }
    title = f"A batch of 50 among {kind} rows"
    return plot.lines(title, series, f"{kind} rows", "milliseconds", log_x=True, log_y=True)


def points(grown: Mapping[int, Series], where: str, field: str) -> list[tuple[float, float]]:
    return [(float(count), series.median(where, field)) for count, series in grown.items() if where in series.samples]


def as_data(grown: Mapping[Kind, Mapping[int, Series]], workers: Series) -> dict[str, Any]:
    stands: dict[str, Any] = {
        kind: {str(count): series.as_json() for count, series in steps.items()} for kind, steps in grown.items()
    }
    return {**stands, "workers": workers.as_json()}
