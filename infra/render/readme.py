"""The README's table of functions."""

from pathlib import Path

from infra.render.part import renewed
from shared import table

README = Path("README.md")
BEGIN, END = "<!-- functions: rendered from serverless.yml -->\n", "<!-- end of functions -->\n"


def files() -> dict[Path, str]:
    return renewed(README, BEGIN, END, functions())


def functions() -> str:
    lines = ["| function | runs | what it does |", "|---|---|---|"]
    for entry in table.load().values():
        runs = ", ".join(schedule.expression for schedule in entry.schedules) or "on call"
        lines.append(f"| `{entry.name}` | {runs} | {entry.description} |")
    return "\n".join(lines) + "\n"
