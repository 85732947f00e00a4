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
    """Every file that follows from the table, by its path below the root, and what it has to say."""
    readme = Path("README.md")
    return {readme: rendered((ROOT / readme).read_text()), **aws.files()}


def main(*, check: bool) -> int:
    texts = files()
    old = [path for path, text in texts.items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    if check and old:
        print(f"Not current: {', '.join(map(str, old))}. Run `make render`.", file=sys.stderr)
        return 1
    for path in old:
        (ROOT / path).write_text(texts[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
