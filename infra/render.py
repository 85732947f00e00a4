"""What follows from the table of functions, written into the files that show it. `--check` only says what is old."""

import sys
from pathlib import Path

from shared import table

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- functions: rendered from serverless.yml -->\n", "<!-- end of functions -->\n"


def functions() -> str:
    """The README's table."""
    lines = ["| function | runs | what it does |", "|---|---|---|"]
    for entry in table.load().values():
        runs = ", ".join(schedule.expression for schedule in entry.schedules) or "on call"
        lines.append(f"| `{entry.name}` | {runs} | {entry.description} |")
    return "\n".join(lines) + "\n"


def rendered(text: str) -> str:
    """A document with its table brought up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + functions() + END + after


def main(*, check: bool) -> int:
    readme = ROOT / "README.md"
    old = readme.read_text()
    new = rendered(old)
    if check and new != old:
        print("README.md is not current: run `make render`.", file=sys.stderr)
        return 1
    if not check:
        readme.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
