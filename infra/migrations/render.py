"""Run a `.sql` file of `sql/`, rendered by Jinja where one text serves several tables."""

from pathlib import Path
from typing import Any

from alembic import op
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FILES = Environment(  # noqa: S701 - SQL, not HTML; every value comes from this package
    loader=FileSystemLoader(Path(__file__).with_name("sql")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, **values: Any) -> str:
    """The text of one file."""
    return FILES.get_template(name).render(**values)


def run(name: str, **values: Any) -> None:
    """Execute a whole file in the migration's transaction, as it stands (no parameters, no colon magic)."""
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("A migration needs a live connection; offline mode (--sql) is not supported.")
    with connection.cursor() as cursor:
        cursor.execute(render(name, **values))
