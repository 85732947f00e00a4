"""How every command speaks: tables for people, JSON for programs, and errors that name the next step."""

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from shared.errors import NightshiftError

Params = ParamSpec("Params")
Result = TypeVar("Result")
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

WIDE = 200  # columns where nobody looks: a pipe or a file must not cut addresses in two

console = Console(width=None if sys.stdout.isatty() else WIDE)
complaints = Console(stderr=True)


def show(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table for people; long values are folded, never cut."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def fail(message: str) -> typer.Exit:
    """Print what is wrong and what to do, for `raise`."""
    complaints.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(1)


def told(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """A command whose typed errors become one plain message and exit status 1, without a traceback."""

    @wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except NightshiftError as error:
            raise fail(error.detail) from None

    return run
