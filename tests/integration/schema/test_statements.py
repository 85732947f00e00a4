"""Every named statement of every `.sql` file is planned against the migrated database."""

import re
from pathlib import Path
from typing import Any

import pytest

from shared.queue import ALERTS, EMAILS, PUSHES, REPLIES, WEBHOOKS, Queue
from shared.sql import Queries
from tests.nightshift import Connection

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path for folder in ("shared", "functions", "infra/commands") for path in (ROOT / folder).rglob("*.sql"))
STATEMENTS = [(path, name) for path in FILES for name in Queries(path).named]
QUEUES = (REPLIES, EMAILS, WEBHOOKS, ALERTS, PUSHES)
PLACE = re.compile(r"\{(\w+)\}")


# What stands for a list of columns, a view of all queues, and what only the ordered queue has.
FIXED = {"columns": "id", "rows": "queue_rows", "sweep": "sweep_pending_responses"}
# And for a table of which old rows are deleted.
FIXED |= {"table": "job_history", "key": "id", "since": "started_at", "time": "'30 days'", "among": "true"}


def statement(path: Path, name: str) -> str:
    """The text without its comments."""
    text = Queries(path).named[name].decode()
    return "\n".join(line for line in text.splitlines() if not line.startswith("--")).rstrip().rstrip(";")


def filled(text: str, queue: Queue[Any]) -> str:
    fixed = FIXED | {"due": queue.due, "queue": queue.table}
    return PLACE.sub(lambda place: fixed.get(place[1], f"{place[1]}_{queue.table}"), text)


def texts(path: Path, name: str) -> list[str]:
    """The statement with null for each parameter; where names are filled in, once per queue."""
    text = re.sub(r"%\(\w+\)s", "null", statement(path, name)).replace("%%", "%")
    return [filled(text, queue) for queue in QUEUES] if PLACE.search(text) else [text]


@pytest.mark.parametrize(("path", "name"), STATEMENTS, ids=lambda value: getattr(value, "stem", value))
async def test_the_statement_fits_the_schema(conn: Connection, path: Path, name: str) -> None:
    for text in texts(path, name):
        cursor = await conn.execute(b"explain " + text.encode())
        assert await cursor.fetchall()


@pytest.mark.parametrize(("path", "name"), STATEMENTS, ids=lambda value: getattr(value, "stem", value))
def test_every_parameter_is_cast(path: Path, name: str) -> None:
    assert not re.findall(r"%\(\w+\)s(?!::)", statement(path, name))
