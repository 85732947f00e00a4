"""What a case found out, and the Markdown page of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RATIOS = "A ratio is the median over the rounds of each round's ratio."


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Target:
    """A bound that a measurement has to hold.

    Attributes:
        measured: NaN where it could not be measured, which never holds.
        at_least: whether the bound is the least allowed value, or the most.
    """

    what: str
    measured: float
    bound: float
    at_least: bool = True
    unit: str = ""

    @property
    def held(self) -> bool:
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    @property
    def known(self) -> bool:
        return not math.isnan(self.measured)

    def as_json(self) -> dict[str, Any]:
        value = self.measured if self.known else None
        return {**vars(self), "measured": value, "held": self.held}

    def row(self) -> list[str]:
        """The cells of a table of targets: what, measured, bound, whether it holds."""
        measured = number(self.measured, self.unit) if self.known else "not measured"
        bound = f"{'≥' if self.at_least else '≤'} {number(self.bound, self.unit)}"
        return [self.what, measured, bound, "yes" if self.held else "**no**"]


@dataclass(frozen=True)
class Report:
    """All that a case found out.

    Attributes:
        charts: SVG text by file name.
        data: everything that is worth keeping, in types of JSON.
        notes: sentences at the end of the page.
    """

    summary: str
    tables: Sequence[Table] = ()
    charts: Mapping[str, str] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    data: Any = None
    notes: Sequence[str] = ()


def page(title: str, report: Report, machine: str) -> str:
    """The whole page: summary, targets, charts, tables, notes, machine."""
    parts = [
        f"# {title}",
        report.summary,
        f"{RATIOS} Made by `make bench`; every round is in the JSON file beside this page.",
        *([targets(report.targets)] if report.targets else []),
        *(f"![{title}]({name})" for name in report.charts),
        *(markdown(table) for table in report.tables),
        *report.notes,
        machine,
    ]
    return "\n\n".join(parts) + "\n"


def targets(found: Sequence[Target]) -> str:
    return markdown(Table(("target", "measured", "bound", "held"), [target.row() for target in found]))


def markdown(table: Table) -> str:
    rule = ["---"] * len(table.header)
    lines = [f"| {' | '.join(cells)} |" for cells in (table.header, rule, *table.rows)]
    return "\n".join([table.caption, "", *lines] if table.caption else lines)


def number(value: float, unit: str = "") -> str:
    """A figure as people read it: at least three digits that count, and its unit."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    shown = f"{value:.3g}" if 0 < abs(value) < 1 else f"{value:,.{digits}f}"
    return f"{shown} {unit}".rstrip()


def spread(values: Sequence[float], median: float) -> str:
    """A median with its slowest and its fastest round."""
    return f"**{number(median)}** ({number(min(values))}–{number(max(values))})"  # noqa: RUF001 - a range
