"""deliver-responses, one pass after the other, until nothing is left; what was sent, and what is marked."""

from collections import Counter

from functions.deliver_responses.main import deliver_responses
from infra.local.twins import TelegramTwin
from infra.local.twins.telegram import TOKEN
from shared.resources import Resources
from tests import nightshift
from tests.nightshift import Connection

PASSES = 100


def environment(database_url: str, telegram: TelegramTwin) -> dict[str, str]:
    return {
        "database_url": database_url,
        "telegram_api_base": telegram.url,
        "telegram_bot_token": TOKEN,
        "db_timeout": "2s",
    }


def resources(database_url: str, telegram: TelegramTwin, **overrides: str) -> Resources:
    return Resources(nightshift.settings(**(environment(database_url, telegram) | overrides)))


async def replies(conn: Connection, number: int) -> None:
    """One due reply in each of so many chats; its text is the chat's number."""
    for chat in range(1, number + 1):
        await nightshift.reply(conn, chat, str(chat))


async def deliver(made: Resources) -> int:
    """One pass; the status of its answer."""
    return (await nightshift.post(deliver_responses, made)).status


async def expire_leases(conn: Connection) -> None:
    await conn.execute("update pending_responses set locked_until = now() where status = 'processing'")


async def deliver_all(conn: Connection, made: Resources) -> None:
    """Pass after pass, as schedules do, with whatever waits for a time let go at once."""
    for _ in range(PASSES):
        await expire_leases(conn)
        await conn.execute("update pending_responses set next_attempt_at = now() where status = 'pending'")
        await conn.execute("update queues set probe_at = now() where probe_at is not null")
        await conn.execute("delete from rate_limit_counters")
        await deliver(made)
        cursor = await conn.execute(
            "select 1 as one from pending_responses where status in ('pending', 'processing') limit 1"
        )
        if await cursor.fetchone() is None:
            return
    raise AssertionError("Something is never delivered.")


def sent(telegram: TelegramTwin) -> Counter[str]:
    """How often each text arrived."""
    return Counter(record["text"] for record in telegram.journal.all() if record["outcome"] == "delivered")


async def marked(conn: Connection) -> set[str]:
    """Texts that may have gone out twice, as the table has it."""
    cursor = await conn.execute("select response_text from pending_responses where possible_duplicate")
    return {row["response_text"] for row in await cursor.fetchall()}


async def delivered(conn: Connection) -> set[str]:
    cursor = await conn.execute("select response_text from pending_responses where status = 'delivered'")
    return {row["response_text"] for row in await cursor.fetchall()}


async def statuses(conn: Connection) -> dict[str, int]:
    cursor = await conn.execute("select status, count(*)::int as n from pending_responses group by 1")
    return {row["status"]: row["n"] for row in await cursor.fetchall()}
