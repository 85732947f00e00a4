"""How `queue` tells people and programs what it found and did."""

from datetime import datetime
from typing import Any
from uuid import UUID

import typer
from rich.markup import escape

from infra.commands.output import console, fail, print_json, show

TITLES = {
    "queues": {
        "queue": "Queue",
        "live": "Live",
        "due": "Due",
        "oldest_due_at": "Oldest due",
        "dead": "Dead",
        "paused_at": "Paused",
        "breaker_open_since": "Breaker open",
        "next_wake_at": "Next wake",
    },
    "rows": {
        "id": "Id",
        "status": "Status",
        "due_at": "Due",
        "attempts": "Attempts",
        "recipient": "For",
        "error": "Last error",
    },
    "groups": {
        "letters": "Letters",
        "failing": "Failing",
        "error": "Error",
        "newest_at": "Newest",
        "example_id": "Example",
    },
    "examples": {"id": "Id", "recipient": "For", "error": "Error", "finished_at": "Dead since"},
}


def tell(preview: dict[str, Any]) -> None:
    """Print a preview for people."""
    console.print(
        f"{preview['letters']} letters to {preview['recipients']} recipients; {preview['possible_duplicates']} may be "
        f"duplicates; {preview['takes_seconds']} s at least under the limits.",
        highlight=False,
    )
    table("The oldest", TITLES["examples"], preview["examples"])


def acted(queue: str, rows: list[UUID], done: set[UUID], what: str, *, as_json: bool) -> None:
    """Say what became of the rows; exit status 1 when some of them were not in a state for it."""
    left = [row for row in rows if row not in done]
    if as_json:
        print_json({what: sorted(done, key=str), "unchanged": left})
    else:
        console.print(f"{len(done)} {what}.")
    if left:
        hint = f"`nightshift queue why {queue} {left[0]}` says how it stands."
        sentence = f"{len(left)} left as they are: no such row, or not in that state. {hint}"
        raise typer.Exit(1) if as_json else fail(sentence)


def finished(wave: dict[str, Any], *, as_json: bool) -> None:
    """Say how a requeue by filter stands; exit status 1 when it stopped."""
    if as_json:
        print_json(wave)
    elif wave["status"] != "stopped":
        console.print(f"{wave['out']} of {wave['letters']} out, {wave['open']} under way.", highlight=False)
    if wave["status"] == "stopped":
        sentence = f"Stopped after {wave['out']} of {wave['letters']}: {wave['reason']}"
        raise typer.Exit(1) if as_json else fail(sentence)


def table(title: str, columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    show(title, columns.values(), ([cell(row.get(name)) for name in columns] for row in rows))


def cell(value: Any) -> str:
    """A value for people: times without their fractions."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else escape(str(value))
