"""Writes a case's page, figures and charts, and the index of all targets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks import cases, machine, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.cases import Case
from tests.benchmarks.report import Report, Table, Target


def write(folder: Path, case: Case, bench: Bench, found: Report, facts: machine.Facts) -> dict[str, Any]:
    """Write the files of one case; what the JSON file holds."""
    result = {
        "title": case.TITLE,
        "rounds": bench.rounds,
        "scale": bench.scale,
        "targets": [target.as_json() for target in found.targets],
        "missing": bench.missing,
        "versions": bench.versions,
        "machine": facts,
        "data": found.data,
    }
    missing = [f"Not measured: {name} ({' '.join(why.split())})." for name, why in bench.missing.items()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case.NAME}.json").write_text(json.dumps(result, indent=2) + "\n")
    told = replace(found, notes=[*found.notes, *missing])
    (folder / f"{case.NAME}.md").write_text(report.page(case.TITLE, told, machine.sentences(facts)))
    for name, chart in found.charts.items():
        (folder / name).write_text(chart)
    return result


def index(folder: Path) -> None:
    """Renew the list of every case's targets from the JSON files that stand in the folder."""
    files = {name: folder / f"{name}.json" for name in cases.ORDER}
    results = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    rows = [row for name, result in results.items() for row in lines(name, result)]
    table = Table(("case", "target", "measured", "bound", "held", "machine", "measured at"), rows)
    text = "# Benchmarks\n\nEvery target of every case, as `make bench` last measured it.\n\n"
    (folder / "README.md").write_text(text + report.markdown(table) + "\n")


def lines(name: str, result: dict[str, Any]) -> list[list[str]]:
    """One case's lines of the index; a case without targets has one, with its name."""
    facts = result["machine"]
    where = [f"{facts['cores']} cores, {facts['cpu']}", facts["measured_at"][:10]]
    link = f"[{result['title']}]({name}.md)"
    targets = [Target(**remembered(target)).row() for target in result["targets"]]
    return [[link, *target, *where] for target in targets or [["", "", "", ""]]]


def remembered(target: dict[str, Any]) -> dict[str, Any]:
    """A target's fields out of JSON, which knows no NaN."""
    measured = float("nan") if target["measured"] is None else target["measured"]
    return {name: value for name, value in target.items() if name != "held"} | {"measured": measured}
