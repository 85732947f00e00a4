"""What follows from the table of functions, written into the files that show it. `--check` only says what is old."""

import sys
from pathlib import Path

from infra.aws import render as aws
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


def files() -> dict[Path, str]:
    """Every file that follows from the table, and what it has to say."""
    readme = ROOT / "README.md"
    return {readme: rendered(readme.read_text()), **aws.files()}


def main(*, check: bool) -> int:
    old = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if check and old:
        names = ", ".join(str(path.relative_to(ROOT)) for path in old)
        print(f"Not current: {names}. Run `make render`.", file=sys.stderr)
        return 1
    for path in old:
        path.write_text(files()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
