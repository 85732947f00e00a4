"""`make bench`: measure, and write the table, the chart and every round's figures to docs/benchmarks/."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks import drain, machine, measure, plot, report, server
from tests.benchmarks.install import HOME, ROOT
from tests.benchmarks.systems import System, unavailable

CASES = {"drain": drain}
PUBLISHED = ROOT / "docs" / "benchmarks"
ROUNDS = 5
console = Console(stderr=True)


def bench(
    only: Annotated[str, typer.Option(help=f"One case: {', '.join(CASES)}.")] = "drain",
    rounds: Annotated[int, typer.Option(min=1, help="Measurements of each system; the median counts.")] = ROUNDS,
    rows: Annotated[int, typer.Option(min=100, help="Rows to drain.")] = drain.ROWS,
    system: Annotated[list[str] | None, typer.Option(help="Only systems whose name begins so; repeatable.")] = None,
    json_only: Annotated[bool, typer.Option("--json", help="Print the result as JSON, not as a page.")] = False,  # noqa: FBT002
) -> None:
    """Measure Nightshift, other queues and the raw limit on one durable PostgreSQL.

    Only a whole run is published to docs/benchmarks/; one of fewer rounds, rows or systems goes to .nightshift/.
    """
    if only not in CASES:
        raise typer.BadParameter(f"There is no case {only!r}. There are: {', '.join(CASES)}.")
    case = CASES[only]
    systems = [
        each for each in case.SYSTEMS if not system or each.name.lower().startswith(tuple(map(str.lower, system)))
    ]
    result, figures = measured(systems, rows, rounds, case.BATCHES)
    table = report.lines(systems, figures)
    whole = rounds >= ROUNDS and rows >= case.ROWS and len(systems) == len(case.SYSTEMS)
    text = report.page(case.TITLE, result, table, f"{only}.svg")
    folder = PUBLISHED if whole else HOME / "results"
    write(folder, only, result, text, plot.chart(case.TITLE, table) if table else "")
    typer.echo(json.dumps(result, indent=2) if json_only else text)
    console.print(f"Written to {folder.relative_to(ROOT)}/.")
    if result["not_measured"]:
        raise typer.Exit(1)


def measured(
    systems: list[System], rows: int, rounds: int, batches: tuple[int, ...]
) -> tuple[dict[str, Any], list[measure.Figure]]:
    """Install, start, measure; everything that is worth keeping."""
    console.print("Installing the other queues (once) ...")
    missing = unavailable(systems)
    able = [system for system in systems if system.name not in missing]
    total = rounds * sum(batch in system.batches for system in able for batch in batches)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with server.running() as running, Progress(*columns, console=console) as progress:
        facts = machine.facts(running)
        bar = progress.add_task("starting", total=total, completed=-1)

        def step(name: str) -> None:
            progress.update(bar, description=name, advance=1)

        figures, failed = measure.rounds(running, able, rows=rows, times=rounds, batches=batches, step=step)
        progress.update(bar, description="measured", completed=total)
    result = {
        "rows": rows,
        "rounds": rounds,
        "machine": facts,
        "figures": measure.as_json(figures),
        "not_measured": missing | failed,
    }
    return result, figures


def write(folder: Path, name: str, result: dict[str, Any], text: str, chart: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    (folder / f"{name}.md").write_text(text)
    (folder / f"{name}.svg").write_text(chart)


if __name__ == "__main__":
    typer.run(bench)
