"""`queue`: look at the queues and act on their rows, by the same SQL functions as the admin calls."""

import getpass
from enum import StrEnum
from typing import Annotated, Any, cast
from uuid import UUID

import typer

from infra.commands.output import Json, console, fail, print_json, show, told
from infra.commands.target import target
from shared import sql
from shared.errors import NotFoundError, UnavailableError

SQL = sql.beside(__file__, "queue.sql")
app = typer.Typer(help="Look at the queues, and requeue or discard their rows.", no_args_is_help=True)


class Queue(StrEnum):
    """What people call the queues."""

    REPLIES = "replies"
    EMAILS = "emails"
    WEBHOOKS = "webhooks"

    @property
    def table(self) -> str:
        return {"replies": "pending_responses", "emails": "email_queue", "webhooks": "webhook_retry_queue"}[self.value]

    @property
    def dead(self) -> str:
        """The status of a dead letter."""
        return "failed" if self is Queue.REPLIES else "dead_letter"


Which = Annotated[Queue, typer.Argument(help="Which queue.")]
Row = Annotated[UUID, typer.Argument(help="The row's id.")]
Rows = Annotated[list[UUID], typer.Argument(help="The rows' ids.")]
Status = Annotated[str | None, typer.Option(help="Only rows of this status. Default: waiting and dead ones.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many rows at most.")]


def query(queue: Queue, statement: bytes, **params: Any) -> list[dict[str, Any]]:
    """Run one statement about a queue.

    Raises:
        UnavailableError: the database does not answer, or was never migrated.
    """
    import psycopg  # noqa: PLC0415 - 70 ms, for these commands only
    from psycopg import sql as pg  # noqa: PLC0415
    from psycopg.rows import dict_row  # noqa: PLC0415

    names = {
        "table": pg.Identifier(queue.table),
        "dead": pg.Literal(queue.dead),
        "requeue": pg.Identifier("nightshift", f"requeue_{queue.table}"),
        "discard": pg.Identifier("nightshift", f"discard_{queue.table}"),
    }
    text = pg.SQL(cast("Any", statement.decode())).format(**names)
    try:
        with psycopg.connect(target().database_url, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(text, params).fetchall()
    except psycopg.errors.UndefinedTable:
        raise UnavailableError("The database has no queues yet. Run `nightshift migrate`.") from None
    except psycopg.OperationalError as error:
        raise UnavailableError(f"The database does not answer: {error} `nightshift doctor` says more.") from None


@app.command("list")
@told
def listed(queue: Which, status: Status = None, limit: Limit = 50, json: Json = False) -> None:  # noqa: FBT002
    """List rows: those that wait, are leased or dead, unless --status asks for others."""
    found = query(queue, SQL.list, status=status, limit=limit)
    if json:
        return print_json(found)
    columns = ("Id", "Status", "Due or ended", "Last error", "Attempts")
    return show(
        f"{queue.value}: {len(found)} rows", columns, ([str(value or "") for value in row.values()] for row in found)
    )


@app.command("show")
@told
def shown(queue: Which, row: Row) -> None:
    """Print one row with its payload and every attempt, as JSON."""
    found = query(queue, SQL.show, id=row)
    if not found:
        raise NotFoundError(
            f"There is no row {row} in {queue.value}. `nightshift queue list {queue.value}` shows some."
        )
    print_json(found[0]["row"])


@app.command()
@told
def why(queue: Which, row: Row, json: Json = False) -> None:  # noqa: FBT002
    """Say in one line why a row has not gone out."""
    reason = query(queue, SQL.why, table=queue.table, id=row)[0]["why"]
    if reason is None:
        raise NotFoundError(
            f"There is no row {row} in {queue.value}. `nightshift queue list {queue.value}` shows some."
        )
    print_json({"id": row, "why": reason}) if json else console.print(reason, highlight=False, markup=False)


@app.command()
@told
def requeue(queue: Which, rows: Rows, json: Json = False) -> None:  # noqa: FBT002
    """Send dead or discarded rows again, with fresh attempts. The act is recorded."""
    acted(queue, SQL.requeue, rows, "requeued", as_json=json)


@app.command()
@told
def discard(queue: Which, rows: Rows, json: Json = False) -> None:  # noqa: FBT002
    """Give up dead or waiting rows. The act is recorded."""
    acted(queue, SQL.discard, rows, "discarded", as_json=json)


def acted(queue: Queue, statement: bytes, rows: list[UUID], what: str, *, as_json: bool) -> None:
    """Act on rows; exit status 1 when some of them were not in a state for it."""
    done = {row["id"] for row in query(queue, statement, ids=rows, actor=f"cli:{getpass.getuser()}")}
    left = [row for row in rows if row not in done]
    if as_json:
        print_json({what: sorted(done, key=str), "unchanged": left})
    else:
        console.print(f"{len(done)} {what}.")
    if left:
        hint = f"`nightshift queue why {queue.value} {left[0]}` says how it stands."
        raise (
            typer.Exit(1)
            if as_json
            else fail(f"{len(left)} left as they are: no such row, or not in that state. {hint}")
        )
