"""SQL lives in `.sql` files: named statements, each under a line `-- name: <name>`, with cast parameters."""

import re
from pathlib import Path

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Queries:
    """The statements of one `.sql` file as attributes."""

    def __init__(self, path: Path) -> None:
        parts = NAME.split(path.read_text(encoding="utf-8"))
        self.path = path
        self.named = {name: text.strip().encode() for name, text in zip(parts[1::2], parts[2::2], strict=True)}

    def __getattr__(self, name: str) -> bytes:
        try:
            return self.named[name]
        except KeyError:
            raise AttributeError(f"{self.path.name} names no statement `{name}`") from None


def beside(module_file: str, name: str = "queries.sql") -> Queries:
    """Load the `.sql` file that stands beside a module: `SQL = beside(__file__)`."""
    return Queries(Path(module_file).with_name(name))
