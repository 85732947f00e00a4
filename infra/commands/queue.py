"""`queue`: look at the queues and act on their rows, by the same code and SQL as the admin calls."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from infra.commands.output import Json, console, print_json, told
from infra.commands.queue_output import TITLES, acted, finished, table, tell

if TYPE_CHECKING:
    from infra.commands.queue_work import Desk

app = typer.Typer(help="Look at the queues, and requeue or discard their rows.", no_args_is_help=True)

QUEUES = "replies, emails, webhooks, alerts or pushes"
Which = Annotated[str, typer.Argument(help=f"{QUEUES}.", metavar="QUEUE")]
Maybe = Annotated[str | None, typer.Argument(help=f"{QUEUES}. Without it: how each of them stands.", metavar="[QUEUE]")]
Row = Annotated[UUID, typer.Argument(help="The row's id.")]
Rows = Annotated[
    list[UUID] | None, typer.Argument(help="Rows' ids. Without any: the dead letters that the options mean.")
]
Status = Annotated[str | None, typer.Option(help="Only rows of this status, such as pending or dead_letter.")]
Errors = Annotated[bool, typer.Option("--errors", help="Dead letters by error, instead of rows.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show addresses and texts too; that is recorded.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many rows at most.")]
Most = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many letters at most, the oldest first.")]
Error = Annotated[str | None, typer.Option(help="Only letters of this error, as `queue list QUEUE --errors` shows it.")]
Older = Annotated[
    str | None, typer.Option(help="Only letters dead for longer than this (24h, 7d), or since before then.")
]
Newer = Annotated[str | None, typer.Option(help="Only letters dead for less than this (24h, 7d), or since after then.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking; with --json only this does it.")]
Wait = Annotated[bool, typer.Option(help="Stay until everything is out, or rest after the first letter.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the requeue of this queue that was left alone.")]


@app.command("list")
@told
def listed(
    queue: Maybe = None,
    *,
    status: Status = None,
    errors: Errors = False,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Show how the queues stand; with QUEUE, its rows, newest first, or its dead letters by error."""
    what, found = desk().listing(queue, status, limit, errors=errors)
    return print_json(found) if json else table(f"{len(found)} {what}", TITLES[what], found)


@app.command("show")
@told
def shown(queue: Which, row: Row, *, reveal: Reveal = False) -> None:
    """Print one row with its payload and every attempt, as JSON."""
    print_json(desk().one(queue, row, reveal=reveal))


@app.command()
@told
def why(queue: Which, row: Row, *, json: Json = False) -> None:
    """Say in one line why a row has not gone out."""
    reason = desk().one(queue, row, reveal=False)["why"]
    print_json({"id": row, "why": reason}) if json else console.print(reason, highlight=False, markup=False)


@app.command()
@told
def requeue(
    queue: Which,
    rows: Rows = None,
    *,
    error: Error = None,
    older_than: Older = None,
    newer_than: Newer = None,
    limit: Most = 10_000,
    yes: Yes = False,
    wait: Wait = True,
    resume: Resume = False,
    json: Json = False,
) -> None:
    """Send dead letters again with fresh attempts: these rows, or 1, then 10, then all that the options mean.

    Many go in steps; the first failed attempt stops them, and what has not been tried stays dead. It is recorded.
    """
    work = desk()
    if rows:
        return acted(queue, rows, work.requeue(queue, rows), "requeued", as_json=json)
    wave = work.running(queue) if resume else None
    if wave is None:
        which = {"error": error, "older_than": older_than, "newer_than": newer_than, "limit": limit}
        chosen = confirmed(work, queue, which, "requeue", yes=yes, as_json=json)
        wave = work.begin(queue, chosen, which)
    ended = work.watch(queue, wave) if wait else work.look(queue, wave)
    return finished(ended, as_json=json)


@app.command()
@told
def discard(
    queue: Which,
    rows: Rows = None,
    *,
    error: Error = None,
    older_than: Older = None,
    newer_than: Newer = None,
    limit: Most = 10_000,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Give up dead or waiting rows: these rows, or all dead letters that the options mean. Every act is recorded."""
    work = desk()
    if not rows:
        which = {"error": error, "older_than": older_than, "newer_than": newer_than, "limit": limit}
        rows = confirmed(work, queue, which, "discard", yes=yes, as_json=json)
    acted(queue, rows, work.discard(queue, rows), "discarded", as_json=json)


def desk() -> "Desk":
    """The part that needs the database; its imports are paid for by these commands only."""
    from infra.commands.queue_work import Desk  # noqa: PLC0415

    return Desk()


def confirmed(work: "Desk", queue: str, which: dict[str, Any], act: str, *, yes: bool, as_json: bool) -> list[UUID]:
    """Show what an act by filter would do and ask; the rows that it means. Ends the command where there is no yes."""
    chosen, preview = work.preview(queue, which)
    if as_json and not (yes and chosen):
        print_json({"preview": True, **preview})
        raise typer.Exit
    if not as_json:
        tell(preview)
    if not chosen:
        raise typer.Exit
    if not yes:
        typer.confirm(f"{act.capitalize()} {len(chosen)} letters?", abort=True, err=True)
    return chosen
