"""`migrate`: bring the database to a revision."""

from typing import Annotated

import typer

from infra.commands.output import console, told
from infra.commands.target import target
from shared.errors import UnavailableError

To = Annotated[str, typer.Option(help="Upgrade to this revision.")]
Down = Annotated[str | None, typer.Option(help="Go back to this revision; `base` takes everything back.")]


@told
def migrate(to: To = "head", down: Down = None) -> None:
    """Bring the database to the newest revision, or to another one."""
    bring(target().database_url, to, down)


def bring(url: str, to: str = "head", down: str | None = None) -> None:
    """Bring any database to a revision, and say where it is.

    Raises:
        UnavailableError: it does not answer, or there is no such revision.
    """
    from alembic.util import CommandError  # noqa: PLC0415 - Alembic takes 400 ms, for this command only
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from infra.migrations import migrate as migrations  # noqa: PLC0415

    try:
        with console.status("Migrating"):
            migrations.downgrade(url, down) if down else migrations.upgrade(url, to)
        console.print(f"The database is at revision {migrations.current(url) or 'base'}.")
    except CommandError as error:
        raise UnavailableError(f"{error} `ls infra/migrations/versions` shows the revisions.") from None
    except OperationalError as error:
        raise UnavailableError(f"The database does not answer: {error.orig} `nightshift doctor` says more.") from None
