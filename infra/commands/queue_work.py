"""What `queue` does in the database that the environment, or the running local stack, names."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from pydantic import ValidationError
from rich.progress import Progress

from infra.commands.output import complaints
from infra.commands.target import target
from shared import settings
from shared.db import Database, Row
from shared.errors import NotFoundError, UnavailableError, UnprocessableError
from shared.queue.forecast import forecast
from shared.queue.letters import Filter, Letters
from shared.queue.rows import CAP, STATUSES, Rows, table_of
from shared.queue.waves import Waves

LOOK = 0.5  # seconds between two looks at a requeue under way; looking also takes it further
T = TypeVar("T")


class Desk:
    """Every method is one visit to the database, and raises the typed errors of what it calls."""

    def __init__(self) -> None:
        here = target()
        self.url, self.settings = here.database_url, settings.load(here.env)
        self.actor = f"cli:{getpass.getuser()}"

    def listing(self, queue: str | None, status: str | None, limit: int, *, errors: bool) -> tuple[str, list[Row]]:
        """What `list` shows: `queues`, or one queue's `groups` of dead letters, or its `rows`."""
        if queue is None:
            return "queues", self._visit(lambda db: Rows(db).depths())
        table = table_of(queue)
        if errors:
            return "groups", self._visit(lambda db: Letters(db, table).groups())
        if status not in (None, *STATUSES[table]):
            raise UnprocessableError(f"{queue} knows the statuses {', '.join(STATUSES[table])}.")
        return "rows", self._visit(lambda db: Rows(db).page(table, status, limit, None, reveal=False))

    def one(self, queue: str, row: UUID, *, reveal: bool) -> Row:
        table = table_of(queue)

        async def read(db: Database) -> Row:
            found = await Rows(db).one(table, row, reveal=reveal)
            if reveal:
                await Rows(db).note(self.actor, "reveal", f"{table}/{row}")
            return found

        return self._visit(read)

    def preview(self, queue: str, which: dict[str, Any]) -> tuple[list[UUID], dict[str, Any]]:
        """The letters that a filter means, and what requeueing them would do."""
        table, asked = table_of(queue), filtered(which)

        async def look(db: Database) -> tuple[list[UUID], dict[str, Any]]:
            chosen = await Letters(db, table).chosen(asked)
            due = await Rows(db).due(table, CAP)
            return [row["id"] for row in chosen], forecast(table, chosen, asked, due, self.settings)

        return self._visit(look)

    def requeue(self, queue: str, rows: list[UUID]) -> set[UUID]:
        """Those of the rows that were requeued."""
        table = table_of(queue)
        return set(self._visit(lambda db: Letters(db, table).requeue_all(rows, self.actor)))

    def discard(self, queue: str, rows: list[UUID]) -> set[UUID]:
        """Those of the rows that were discarded."""
        table = table_of(queue)
        return set(self._visit(lambda db: Letters(db, table).discard_all(rows, self.actor)))

    def begin(self, queue: str, rows: list[UUID], which: dict[str, Any]) -> UUID:
        table, document = table_of(queue), filtered(which).document()
        return UUID(str(self._visit(lambda db: Waves(db, table).begin(rows, self.actor, document))["id"]))

    def running(self, queue: str) -> UUID:
        """The requeue of a queue that is under way.

        Raises:
            NotFoundError: there is none.
        """
        table = table_of(queue)
        found = self._visit(lambda db: Waves(db, table).running())
        if found is None:
            raise NotFoundError(f"No requeue of {queue} is under way.")
        return found

    def look(self, queue: str, wave: UUID) -> Row:
        table = table_of(queue)
        return self._visit(lambda db: Waves(db, table).look(wave))

    def watch(self, queue: str, wave: UUID) -> Row:
        """Take a requeue further until it is over, with a progress bar. Ctrl-C leaves it where it is."""
        table = table_of(queue)

        async def follow(db: Database) -> Row:
            with Progress(console=complaints, transient=True) as progress:
                bar = progress.add_task("Requeueing (Ctrl-C leaves it; --resume goes on)", total=None)
                while (row := await Waves(db, table).advance(wave))["status"] == "running":
                    progress.update(bar, completed=row["out"], total=row["letters"])
                    await asyncio.sleep(LOOK)
                return row

        return self._visit(follow)

    def _visit(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def visit() -> T:
            db = Database(self.url, pool_max=1)
            try:
                return await work(db)
            finally:
                await db.close()

        try:
            return asyncio.run(visit())
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
            raise UnavailableError("The database is not up to date. Run `nightshift migrate`.") from None


def filtered(which: dict[str, Any]) -> Filter:
    """Options as a filter.

    Raises:
        UnprocessableError: names each option that is wrong.
    """
    try:
        return Filter.model_validate(which)
    except ValidationError as error:
        wrong = "; ".join(f"--{str(e['loc'][0]).replace('_', '-')}: {e['msg']}" for e in error.errors())
        raise UnprocessableError(wrong) from None
