"""The result as a Markdown page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.measure import Figure
from tests.benchmarks.systems import System

FIRST = 50  # the batch of the specification, at which systems are judged


@dataclass(frozen=True)
class Line:
    """One system's line of the table: its figure at batch 50, its best one, and the batch of that."""

    system: System
    version: str
    first: Figure | None
    best: Figure


def lines(systems: Sequence[System], figures: Sequence[Figure]) -> list[Line]:
    """The systems that have figures, in their order."""
    found = []
    for system in systems:
        own = [figure for figure in figures if figure.system == system.name]
        if own:
            first = next((figure for figure in own if figure.batch == FIRST), None)
            found.append(Line(system, own[0].version, first, max(own, key=lambda figure: figure.median)))
    return found


def page(title: str, result: Mapping[str, Any], table: Sequence[Line], picture: str) -> str:
    """The whole page: figures, guarantees, configurations, machine."""
    base = next((line for line in table if line.system.kind == "limit"), None)
    parts = [
        f"# {title}",
        summary(result),
        f"![{title}]({picture})",
        "| system | version | batch 50 | best batch | of bare SQL, 50 | best |",
        "|---|---|---|---|---|---|",
        *(row(line, base) for line in table),
        "",
        "Guarantees in the measured configuration, and what that is:",
        "| system | history kept | lease | attempts counted | configuration |",
        "|---|---|---|---|---|",
        *(
            f"| {s.name} | {s.history} | {s.lease} | {s.attempts} | {s.setup} |"
            for s in (line.system for line in table)
        ),
        "",
        *(f"Not measured: {name} ({' '.join(why.split())})." for name, why in result["not_measured"].items()),
        machine(result["machine"]),
    ]
    return joined(parts)


def summary(result: Mapping[str, Any]) -> str:
    return (
        f"{result['rows']:,} due rows, one process, a handler that does nothing. Rows per second: medians of "
        f"{result['rounds']} interleaved rounds, in brackets the slowest and the fastest one. The last two columns are "
        "ratios to the first line. Made by `make bench`; every round is in the JSON file beside this page."
    )


def row(line: Line, base: Line | None) -> str:
    first = "" if line.first is None else shown(line.first)
    cells = [named(line.system), line.version, first, f"{shown(line.best)} at {line.best.batch}"]
    cells += [ratio(line.first, base.first if base else None), ratio(line.best, base.best if base else None)]
    return f"| {' | '.join(cells)} |"


def named(system: System) -> str:
    return f"{system.name} ({system.most:,} rows)" if system.most else system.name


def shown(figure: Figure) -> str:
    return f"**{figure.median:,.0f}** ({min(figure.rates):,.0f}–{max(figure.rates):,.0f})"  # noqa: RUF001 - a range


def ratio(figure: Figure | None, base: Figure | None) -> str:
    return f"{figure.median / base.median:.2f}" if figure and base else ""


def machine(facts: Mapping[str, Any]) -> str:
    """What it was measured on, in a few sentences."""
    settings = ", ".join(f"{name} {value}" for name, value in facts["postgresql"].items() if name != "server_version")
    return (
        f"Machine: {facts['cores']} cores ({facts['cpu']}), {facts['memory_gib']} GiB, {facts['system']}, "
        f"{facts['file_system']}, load before the run {facts['load_before'][0]}. Client and server share it. "
        f"Measured at {facts['measured_at']}. Python {facts['python']}. "
        f"PostgreSQL {facts['postgresql']['server_version']}: {settings}. "
        "Before each measurement: a fresh database, VACUUM ANALYZE, CHECKPOINT."
    )


def joined(parts: Sequence[str]) -> str:
    """Paragraphs apart, the lines of a table together."""
    text = ""
    for before, part in zip(("", *parts), parts, strict=False):
        together = before.startswith("|") and part.startswith("|")
        text += ("\n" if together else "\n\n" if text and part else "") + part
    return f"{text.strip()}\n"
