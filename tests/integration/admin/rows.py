"""Rows of the three queues in any state, as tests want them."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests import nightshift
from tests.nightshift import Connection


async def email(conn: Connection, to: str = "ann@example.com", subject: str = "Hello") -> UUID:
    return await inserted(
        conn,
        "insert into email_queue (to_email, subject, text) values (%s, %s, 'Dear Ann') returning id",
        [to, subject],
    )


async def webhook(conn: Connection, event: str = "evt_1") -> UUID:
    statement = (
        "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) "
        "values ('stripe', %s, %s) returning id"
    )
    return await inserted(conn, statement, [event, Jsonb({"id": event, "customer_email": "ann@example.com"})])


async def inserted(conn: Connection, statement: Any, values: list[Any]) -> UUID:
    cursor = await conn.execute(statement, values)
    return UUID(str((await cursor.fetchone() or {})["id"]))


async def die(
    conn: Connection, row: UUID, error: str = "HTTP 400", *, ago: str = "1 hour", maybe: bool = False
) -> UUID:
    """Make a dead letter of a row, as a settle would."""
    for queue, dead in (
        ("pending_responses", "failed"),
        ("email_queue", "dead_letter"),
        ("webhook_retry_queue", "dead_letter"),
    ):
        await conn.execute(
            f"update {queue} set status = '{dead}', finished_at = now() - %s::interval, last_error = %s, "  # noqa: S608
            "possible_duplicate = %s, locked_by = null, locked_until = null, "
            "history = history || nightshift.attempt(now(), 'dead', %s, null, 7) where id = %s",
            [ago, error, maybe, error, row],
        )
    return row


async def dead_email(conn: Connection, to: str = "ann@example.com", error: str = "HTTP 400", **how: Any) -> UUID:
    return await die(conn, await email(conn, to), error, **how)


async def dead_reply(conn: Connection, chat: int, error: str = "HTTP 400", **how: Any) -> UUID:
    return await die(conn, await nightshift.reply(conn, chat), error, **how)


async def send_all(conn: Connection, *, fails: str | None = None) -> None:
    """Send every pending email, or let every send fail for this reason."""
    values = ("dead_letter", None, fails, "dead", fails) if fails else ("sent", "now", None, "done", None)
    await conn.execute(
        "update email_queue set status = %s, sent_at = %s::timestamptz, last_error = %s, finished_at = now(), "
        "history = history || nightshift.attempt(now(), %s, %s, null, 5) where status = 'pending'",
        values,
    )


async def counts(conn: Connection) -> dict[str, int]:
    """Emails by status."""
    cursor = await conn.execute("select status, count(*) as n from email_queue group by status")
    return {row["status"]: row["n"] for row in await cursor.fetchall()}
