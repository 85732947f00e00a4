"""`make bench`: measure, and write tables, charts and every round's figures to docs/benchmarks/."""

import json
from typing import Annotated, Any

import typer

from tests.benchmarks import cases, machine, publish, server
from tests.benchmarks.bench import Bench, console
from tests.benchmarks.install import HOME, ROOT

PUBLISHED = ROOT / "docs" / "benchmarks"
ROUNDS = 5


def bench(
    only: Annotated[list[str] | None, typer.Option(help="Only this case; repeatable.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Measurements of each system; the median counts.")] = ROUNDS,
    scale: Annotated[float, typer.Option(min=0.001, help="Times the rows of each case.")] = 1.0,
    system: Annotated[list[str] | None, typer.Option(help="Only systems whose name begins so; repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON, not as pages.")] = False,  # noqa: FBT002
) -> None:
    """Measure Nightshift, other queues and the raw limit on one durable PostgreSQL.

    Only a whole run is published to docs/benchmarks/; one of fewer rounds, rows or systems goes to .nightshift/.
    Exit 1 if something could not be measured or a target is missed.
    """
    wanted = chosen(only or [])
    whole = rounds >= ROUNDS and scale >= 1 and not system
    folder = PUBLISHED if whole else HOME / "results"
    results = {}
    for name in wanted:
        with server.running() as running:
            results[name] = measured(name, Bench(running, rounds, scale, tuple(system or ())), whole=whole)
        if not as_json:
            typer.echo((folder / f"{name}.md").read_text())
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    console.print(f"Written to {folder.relative_to(ROOT)}/.")
    if not all(complete(result) for result in results.values()):
        raise typer.Exit(1)


def chosen(only: list[str]) -> list[str]:
    """The cases asked for, in their order.

    Raises:
        typer.BadParameter: one of them does not exist; names those that do.
    """
    known = cases.names()
    if unknown := set(only) - set(known):
        raise typer.BadParameter(f"There is no case {min(unknown)!r}. There are: {', '.join(known)}.")
    return [name for name in known if not only or name in only]


def measured(name: str, bench: Bench, *, whole: bool) -> dict[str, Any]:
    """Measure one case and write it down."""
    case = cases.load(name)
    console.print(case.TITLE)
    facts = machine.facts(bench.server)
    found = case.measure(bench)
    if not whole:
        return publish.write(HOME / "results", case, bench, found, facts)
    result = publish.write(PUBLISHED, case, bench, found, facts)
    publish.index(PUBLISHED)
    return result


def complete(result: dict[str, Any]) -> bool:
    """Whether all was measured, and every target that was measured is held."""
    missed = (target for target in result["targets"] if target["measured"] is not None and not target["held"])
    return not result["missing"] and not any(missed)


if __name__ == "__main__":
    typer.run(bench)
