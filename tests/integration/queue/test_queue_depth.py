"""How a queue stands costs the same however many rows are due, later, finished or dead."""

from typing import Any

import pytest

from infra.migrations.queues import QUEUES
from shared.queue.rows import Rows
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection

FILL = """
insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, status, next_retry_at, finished_at)
select 'stripe', 'evt_' || n, '{}', case when mod(n, 2) = 0 then 'pending' else 'dead_letter' end,
    now() - n * interval '1 s', case when mod(n, 2) = 1 then now() end
from generate_series(1, 20000) n
"""


async def test_a_depth_is_what_the_table_says(conn: Connection, database_url: str) -> None:
    resources = Resources(nightshift.settings(database_url))
    for due_in in (-60.0, -30.0, 600.0):
        await nightshift.reply(conn, 42 + int(due_in), due_in=due_in)
    await conn.execute(
        "insert into email_queue (to_email, subject, text, status, finished_at, last_error) "
        "values ('a@example.org', 's', 't', 'dead_letter', now(), 'refused'), "
        "('b@example.org', 's', 't', 'discarded', now(), 'refused')"
    )
    found = {row["queue"]: row for row in await Rows(resources.db).depths()}
    replies, emails = found["pending_responses"], found["email_queue"]
    assert (replies["live"], replies["due"], replies["dead"]) == (3, 2, 0)
    assert replies["oldest_due_at"] is not None
    assert (emails["live"], emails["due"], emails["oldest_due_at"], emails["dead"]) == (0, 0, None, 1)
    await resources.close()


@pytest.mark.parametrize("queue", [queue.table for queue in QUEUES])
async def test_every_queue_has_a_depth(conn: Connection, queue: str) -> None:
    cursor = await conn.execute("select * from nightshift.depth(%s, 10)", [queue])
    assert await cursor.fetchall() == [{"live": 0, "due": 0, "oldest_due_at": None, "dead": 0}]


async def test_a_depth_reads_no_more_rows_than_it_counts(conn: Connection) -> None:
    await conn.execute(FILL.encode())
    await conn.execute("vacuum analyze webhook_retry_queue")
    before = await fetched(conn)
    await conn.execute("select * from nightshift.depth('webhook_retry_queue', 101)")
    assert await fetched(conn) - before <= 4 * 101


async def fetched(conn: Connection) -> int:
    """Rows of the table that were read so far, by whatever way."""
    await conn.execute("select pg_stat_force_next_flush()")
    cursor = await conn.execute(
        "select seq_tup_read + idx_tup_fetch as rows from pg_stat_user_tables where relname = 'webhook_retry_queue'"
    )
    found: dict[str, Any] = await cursor.fetchone() or {}
    return int(found["rows"])
