"""Runs of cleanup-stale, and rows that ended some time ago."""

from typing import Any
from uuid import UUID

from functions.cleanup_stale.main import cleanup_stale
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection

DAY = 86_400.0  # seconds


async def clean(resources: Resources, day: int = 1, trigger: str = "schedule") -> Any:
    """Run it for a day of January."""
    body = {"scheduled_for": f"2026-01-{day:02}T00:00:00Z", "trigger": trigger}
    return nightshift.content(await nightshift.post(cleanup_stale, resources, body))


async def number(conn: Connection, what: str) -> int:
    cursor = await conn.execute(f"select count(*) as n from {what}")  # noqa: S608
    return int((await cursor.fetchone() or {})["n"])


async def finished(conn: Connection, queue: str, status: str, days: float) -> UUID:
    """A row of a queue that ended so many days ago."""
    if queue == "pending_responses":
        row = await nightshift.reply(conn, 7)
    elif queue == "email_queue":
        cursor = await conn.execute(
            "insert into email_queue (to_email, subject, text) values ('a@example.com', 's', 't') returning id"
        )
        row = (await cursor.fetchone() or {})["id"]
    elif queue == "push_queue":
        cursor = await conn.execute(
            "with owner as (insert into users default values returning id), device as ("
            "insert into user_devices (user_id, platform, address_kind, push_token) "
            "select id, 'ios', 'expo', id::text from owner returning id, user_id) "
            "insert into push_queue (user_id, device_id, title, body) "
            "select user_id, id, 't', 'b' from device returning id"
        )
        row = (await cursor.fetchone() or {})["id"]
    elif queue == "alert_queue":
        cursor = await conn.execute(
            "insert into alert_queue (kind, cause, summary, target) values ('alarm', 'c', 's', 't') returning id"
        )
        row = (await cursor.fetchone() or {})["id"]
    else:
        cursor = await conn.execute(
            "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload) "
            "values ('stripe', gen_random_uuid()::text, '{}') returning id"
        )
        row = (await cursor.fetchone() or {})["id"]
    at = "now() - make_interval(secs => %(seconds)s)"
    out = {"delivered": "delivered_at", "sent": "sent_at", "processed": "processed_at"}.get(status)
    times = f"finished_at = {at}" + (f", {out} = {at}" if out else "")
    await conn.execute(
        f"update {queue} set status = %(status)s, {times} where id = %(id)s",  # noqa: S608
        {"status": status, "seconds": days * DAY, "id": row},
    )
    return UUID(str(row))
