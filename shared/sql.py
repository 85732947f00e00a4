"""SQL lives in `.sql` files: named statements, each under a line `-- name: <name>`, with cast parameters."""

import re
from pathlib import Path
from typing import Self

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Named(bytes):
    """A statement that knows its name."""

    name: str

    def __new__(cls, text: bytes, name: str) -> Self:
        made = super().__new__(cls, text)
        made.name = name
        return made


class Queries:
    """The statements of one `.sql` file as attributes."""

    def __init__(self, path: Path) -> None:
        parts = NAME.split(path.read_text(encoding="utf-8"))
        self.path = path
        self.named = {
            name: Named(text.strip().encode(), name) for name, text in zip(parts[1::2], parts[2::2], strict=True)
        }

    def __getattr__(self, name: str) -> Named:
        try:
            return self.named[name]
        except KeyError:
            raise AttributeError(f"{self.path.name} names no statement `{name}`") from None


def beside(module_file: str, name: str = "queries.sql") -> Queries:
    """Load the `.sql` file that stands beside a module: `SQL = beside(__file__)`."""
    return Queries(Path(module_file).with_name(name))
