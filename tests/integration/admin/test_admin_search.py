"""Rows are found by what is known of them, by index, page after page."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.queue import search as searching
from tests import nightshift
from tests.integration.admin import rows
from tests.integration.admin.conftest import Caller
from tests.integration.admin.test_runs import pages
from tests.nightshift import Connection

EMAILS, REPLIES, WEBHOOKS = "/queues/email_queue", "/queues/pending_responses", "/queues/webhook_retry_queue"


async def sought(caller: Caller, queue: str, **what: Any) -> list[UUID]:
    return [UUID(row["id"]) for row in (await caller.post(f"{queue}/search", what))["rows"]]


async def listed(caller: Caller, queue: str, **what: Any) -> list[UUID]:
    return [UUID(row["id"]) for row in (await caller.get(f"{queue}/rows", **what))["rows"]]


async def test_mails_are_found_by_the_address_in_any_spelling(conn: Connection, caller: Caller) -> None:
    first = await rows.email(conn, "Ann@Example.com")
    await rows.email(conn, "bob@example.com")
    last = await rows.dead_email(conn, "ann@example.com")
    assert await sought(caller, EMAILS, recipient=" ANN@example.com") == [last, first]
    assert await sought(caller, EMAILS, recipient="ann@example.com", status="pending") == [first]
    assert await sought(caller, EMAILS, recipient="nobody") == []


async def test_replies_are_found_by_chat_whether_they_wait_or_are_out(conn: Connection, caller: Caller) -> None:
    waiting = await nightshift.reply(conn, 7)
    await nightshift.reply(conn, 8)
    dead = await rows.dead_reply(conn, 7)
    assert await sought(caller, REPLIES, recipient="7") == [dead, waiting]
    assert await sought(caller, REPLIES, recipient="-7") == []


async def test_replies_to_a_group_are_found_while_any_of_them_waits(conn: Connection, caller: Caller) -> None:
    out = await nightshift.reply(conn, 7)
    await conn.execute(
        "update pending_responses set telegram_chat_id = -100, status = 'delivered', "
        "delivered_at = now(), finished_at = now()"
    )
    waiting = await nightshift.reply(conn, 7)
    await conn.execute("update pending_responses set telegram_chat_id = -100")
    assert await sought(caller, REPLIES, recipient="-100") == [waiting, out]


@pytest.mark.parametrize("text", ["7; drop table users", "seven", "9" * 30, "+7", "\u0667", "--7", ""])
async def test_what_is_no_chat_finds_nothing(caller: Caller, text: str) -> None:
    response = await caller.call("POST", f"{REPLIES}/search", {"recipient": text})
    assert response.status == 422 if not text else nightshift.content(response)["rows"] == []


async def test_a_row_is_found_by_its_key_or_its_event(conn: Connection, caller: Caller) -> None:
    email, webhook = await rows.email(conn), await rows.webhook(conn, "evt_7")
    await conn.execute("update email_queue set idempotency_key = 'order-7'")
    assert await sought(caller, EMAILS, key="order-7") == [email]
    assert await sought(caller, EMAILS, key="order-8") == []
    assert await sought(caller, WEBHOOKS, key="evt_7") == [webhook]


async def test_whom_it_is_for_has_no_place_in_a_url(caller: Caller) -> None:
    assert (await caller.call("GET", f"{EMAILS}/rows", recipient="ann@example.com")).status == 422


async def test_rows_of_one_error_are_found_by_its_fingerprint_dead_or_still_tried(
    conn: Connection, caller: Caller
) -> None:
    dead = await rows.dead_email(conn, error="550 unknown: ann@example.com")
    tried = await rows.email(conn)
    await conn.execute("update email_queue set last_error = '550 unknown: bob@example.com' where id = %s", [tried])
    await rows.dead_email(conn, error="552 too big")
    [group, other] = (await caller.get(f"{EMAILS}/dead-letters"))["groups"]
    assert (group["error"], group["letters"], group["failing"]) == ("550 unknown: <address>", 1, 1)
    assert (other["letters"], other["failing"]) == (1, 0)
    assert await listed(caller, EMAILS, fingerprint=group["fingerprint"]) == [tried, dead]
    assert await listed(caller, EMAILS, fingerprint=group["fingerprint"], status="pending") == [tried]


async def test_an_error_keeps_its_fingerprint(caller: Caller, conn: Connection) -> None:
    await rows.dead_email(conn, error="HTTP 400")
    [group] = (await caller.get(f"{EMAILS}/dead-letters"))["groups"]
    assert group["fingerprint"] == hashlib.sha256(b"HTTP 400").hexdigest()[:12]


async def test_the_rows_of_a_run_are_those_that_it_had_in_hand(conn: Connection, caller: Caller) -> None:
    run = uuid4()
    await conn.execute(
        "insert into job_history (id, job_name, status, started_at, completed_at) "
        "values (%s, 'process-email-queue', 'success', now() - interval '1 minute', now() + interval '1 minute')",
        [run],
    )
    finished, retried, _ = await rows.dead_email(conn, ago="0 s"), await rows.email(conn), await rows.email(conn)
    await conn.execute("update email_queue set run_id = %s where id = %s", [run, finished])
    await conn.execute(
        "update email_queue set history = history || nightshift.attempt(now(), 'retry', 'busy', %s, 3) where id = %s",
        [run, retried],
    )
    assert await listed(caller, EMAILS, run=run) == [retried, finished]
    assert await listed(caller, EMAILS, run=uuid4()) == []


async def test_rows_are_found_by_when_they_came_in(conn: Connection, caller: Caller) -> None:
    email = await rows.email(conn)
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert await listed(caller, EMAILS, since="1h", until=later) == [email]
    assert await listed(caller, EMAILS, until="1h") == []
    assert await listed(caller, EMAILS, since=later) == []


async def test_a_row_is_found_by_its_id(conn: Connection, caller: Caller) -> None:
    email = await rows.email(conn)
    assert await listed(caller, EMAILS, id=email) == [email]
    assert await listed(caller, EMAILS, id=uuid4()) == []


@pytest.mark.parametrize("status", ["pending", "dead_letter", "discarded", "sent"])
async def test_pages_of_a_status_follow_each_other_however_few_rows_are_looked_at_at_once(
    conn: Connection, caller: Caller, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    monkeypatch.setattr(searching, "MOST", 3)
    made = [await rows.email(conn) for _ in range(10)]
    await conn.execute(
        "update email_queue set status = %s::text, finished_at = case when %s::text <> 'pending' then now() end, "
        "sent_at = case when %s::text = 'sent' then now() end where id = any (%s)",
        [status, status, status, made[::2]],
    )
    found = await pages(caller, f"{EMAILS}/rows", "rows", status=status, limit=2)
    wanted = made if status == "pending" else made[::2]
    assert [UUID(each) for page in found for each in page] == wanted[::-1]


async def test_rows_that_are_found_are_masked_until_asked_for(conn: Connection, caller: Caller) -> None:
    await rows.email(conn, "ann@example.com")
    plain = await caller.call("POST", f"{EMAILS}/search", {"recipient": "ann@example.com"})
    shown = await caller.post(f"{EMAILS}/search", {"recipient": "ann@example.com", "reveal": True})
    assert b"ann@" not in plain.body
    assert shown["rows"][0]["recipient"] == "ann@example.com"
    assert (await caller.get("/audit"))["acts"][0]["action"] == "reveal"
