"""However many rows there are, a search reads none of a queue from end to end."""

from typing import Any

import pytest

from shared.queue import letters, search
from shared.queue.search import FIRST, LAST
from tests.nightshift import Connection

EMAILS = {"queue": "email_queue"}
BOUNDS = {"after": FIRST, "before": LAST, "most": 100}
STATEMENTS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "by address": (search.SQL.by_address, {"recipient": "p7@example.com"} | BOUNDS),
    "by chat": (search.SQL.by_chat, {"recipient": 7} | BOUNDS),
    "by event": (search.SQL.by_event, {"key": "evt_7"} | BOUNDS),
    "by error": (search.SQL.by_error, EMAILS | {"fingerprint": "0" * 12} | BOUNDS),
    "the latest": (search.SQL.latest, EMAILS | BOUNDS),
    "under way": (search.SQL.under_way, EMAILS | {"look": 100} | BOUNDS),
    "groups": (letters.SQL.groups, EMAILS | {"cap": 100, "most": 10}),
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_it_goes_by_an_index(conn: Connection, name: str) -> None:
    await conn.execute(
        "insert into email_queue (to_email, subject, text, status, finished_at, last_error) "
        "select 'p' || n || '@example.com', 's', 't', 'dead_letter', now(), 'HTTP ' || n % 9 "
        "from generate_series(1, 5000) n"
    )
    await conn.execute(
        "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) "
        "select 'stripe', 'evt_' || n, '{}' from generate_series(1, 5000) n"
    )
    await conn.execute("analyze")
    statement, values = STATEMENTS[name]
    assert "Seq Scan on email_queue" not in (text := await plan(conn, statement, values))
    assert "Seq Scan on webhook_retry_queue" not in text


async def plan(conn: Connection, statement: bytes, values: dict[str, Any]) -> str:
    cursor = await conn.execute(b"explain " + statement, values)
    return "\n".join(row["QUERY PLAN"] for row in await cursor.fetchall())
