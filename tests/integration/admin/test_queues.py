"""The queues as operators see them: depths, rows, reasons; personal data only when asked for."""

import json
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from shared.queue import rows as shared_rows
from tests import nightshift
from tests.integration.admin import rows
from tests.integration.admin.conftest import Caller
from tests.integration.admin.test_runs import pages
from tests.nightshift import Connection

QUEUES = ("pending_responses", "email_queue", "webhook_retry_queue", "alert_queue", "push_queue")


async def test_the_overview_counts_live_due_and_dead_rows_of_each_queue(conn: Connection, caller: Caller) -> None:
    await nightshift.reply(conn, 1)
    await nightshift.reply(conn, 2, due_in=3600)
    await rows.dead_reply(conn, 3)
    await rows.email(conn)
    found = {row["queue"]: row for row in (await caller.get("/queues"))["queues"]}
    assert set(found) == set(QUEUES)
    assert [found["pending_responses"][count] for count in ("live", "due", "dead")] == [2, 1, 1]
    assert [found["email_queue"][count] for count in ("live", "due", "dead")] == [1, 1, 0]
    assert found["email_queue"]["oldest_due_at"] == found["email_queue"]["next_wake_at"] is not None
    assert found["webhook_retry_queue"]["next_wake_at"] is None


async def test_a_count_ends_at_its_cap_and_says_so(
    conn: Connection, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_rows, "CAP", 2)
    for chat in range(3):
        await nightshift.reply(conn, chat)
    await rows.email(conn)
    depth = {row["queue"]: row["live"] for row in (await caller.get("/queues"))["queues"]}
    assert (depth["pending_responses"], depth["email_queue"]) == ("2+", 1)


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("view", ["live_rows", "dead_rows"])
async def test_live_and_dead_rows_are_found_by_an_index_among_many_finished_ones(
    conn: Connection, queue: str, view: str
) -> None:
    await conn.execute("insert into users (id) values ('00000000-0000-7000-8000-000000000001')")
    await conn.execute(
        "insert into pending_responses (user_id, telegram_chat_id, response_text, status, delivered_at, finished_at) "
        "select '00000000-0000-7000-8000-000000000001', n, 'x', 'delivered', now(), now() "
        "from generate_series(1, 5000) n"
    )
    await conn.execute(
        "insert into email_queue (to_email, subject, text, status, sent_at, finished_at) "
        "select 'a@example.com', 's', 't', 'sent', now(), now() from generate_series(1, 5000)"
    )
    await conn.execute(
        "insert into webhook_retry_queue (webhook_type, webhook_event_id, payload, status, processed_at, finished_at) "
        "select 'stripe', n::text, '{}', 'processed', now(), now() from generate_series(1, 5000) n"
    )
    await conn.execute(
        "insert into alert_queue (kind, cause, summary, target, status, sent_at, finished_at) "
        "select 'alarm', n::text, 's', 't', 'sent', now(), now() from generate_series(1, 5000) n"
    )
    await conn.execute(
        "with owner as (insert into users default values returning id), device as ("
        "insert into user_devices (user_id, platform, address_kind, push_token) "
        "select id, 'ios', 'expo', 't' from owner returning id, user_id) "
        "insert into push_queue (user_id, device_id, title, body, status, sent_at, finished_at) "
        "select user_id, id, 't', 'b', 'sent', now(), now() from device, generate_series(1, 5000) n"
    )
    await conn.execute("analyze")
    cursor = await conn.execute(
        f"explain select count(*) from (select from nightshift.{view} where queue = '{queue}' limit 10001) r"  # noqa: S608
    )
    plan = "\n".join(line["QUERY PLAN"] for line in await cursor.fetchall())
    assert "Seq Scan" not in plan
    assert not any(other in plan for other in QUEUES if other != queue)


async def test_a_paused_queue_says_since_when_and_by_whom_and_its_rows_say_so(conn: Connection, caller: Caller) -> None:
    email = await rows.email(conn)
    paused = await caller.post("/queues/email_queue/pause")
    why = (await caller.get(f"/queues/email_queue/rows/{email}"))["why"]
    resumed = await caller.post("/queues/email_queue/resume")
    assert paused["paused_by"].startswith("service key ")
    assert why.startswith("the queue is paused since")
    assert resumed["paused_at"] is None


async def test_pausing_twice_is_one_act(caller: Caller) -> None:
    for _ in range(2):
        await caller.post("/queues/email_queue/pause")
    assert len((await caller.get("/audit"))["acts"]) == 1


async def test_rows_are_listed_newest_first_page_by_page(conn: Connection, caller: Caller) -> None:
    made = [str(await rows.email(conn, f"p{n}@example.com")) for n in range(5)]
    found = await pages(caller, "/queues/email_queue/rows", "rows", limit=2)
    assert [row for page in found for row in page] == made[::-1]


@pytest.mark.parametrize(("status", "expected"), [("pending", 1), ("dead_letter", 1), ("sent", 0)])
async def test_rows_are_found_by_status(conn: Connection, caller: Caller, status: str, expected: int) -> None:
    await rows.email(conn)
    await rows.dead_email(conn)
    found = await caller.get("/queues/email_queue/rows", status=status)
    assert [row["status"] for row in found["rows"]] == [status] * expected


@pytest.mark.parametrize("short", ["replies", "pending_responses"])
async def test_a_queue_goes_by_its_short_name_too(conn: Connection, caller: Caller, short: str) -> None:
    reply = await nightshift.reply(conn, 7)
    [row] = (await caller.get(f"/queues/{short}/rows"))["rows"]
    assert row["id"] == str(reply)


async def test_addresses_chats_and_texts_are_not_shown(conn: Connection, caller: Caller) -> None:
    reply = await nightshift.reply(conn, 123456789, "I miss you")
    email = await rows.dead_email(
        conn, "Ann.Lee@example.com", "550 no such user <ann.lee@example.com> (chat 123456789)"
    )
    webhook = await rows.webhook(conn)
    shown = [
        await caller.get(f"/queues/pending_responses/rows/{reply}"),
        await caller.get(f"/queues/email_queue/rows/{email}"),
        await caller.get(f"/queues/webhook_retry_queue/rows/{webhook}"),
        *[await caller.get(f"/queues/{queue}/rows") for queue in QUEUES],
        await caller.get("/queues/email_queue/dead-letters"),
        await caller.post("/queues/email_queue/requeue"),
    ]
    text = json.dumps(shown).lower()
    for secret in ("ann", "example.com", "123456789", "miss", "dear", "hello"):
        assert secret not in text


async def test_one_row_comes_with_its_history_and_its_size_at_least(conn: Connection, caller: Caller) -> None:
    email = await rows.dead_email(conn)
    row = await caller.get(f"/queues/email_queue/rows/{email}")
    assert row["history"][0]["why"] == "HTTP 400"
    assert row["why"].startswith("dead: HTTP 400")
    assert (row["content"]["subject"], row["content"]["email_type"]) == ("5 characters", "transactional")
    assert row["recipient"] == row["content"]["to_email"]


async def test_content_that_is_asked_for_is_shown_and_the_asking_recorded(conn: Connection, caller: Caller) -> None:
    email = await rows.email(conn)
    row = await caller.get(f"/queues/email_queue/rows/{email}", reveal="true")
    await caller.get("/queues/email_queue/rows", reveal="true")
    acts = (await caller.get("/audit"))["acts"]
    assert (row["content"]["to_email"], row["content"]["text"]) == ("ann@example.com", "Dear Ann")
    assert [(act["action"], act["subject"]) for act in acts] == [
        ("reveal", "email_queue"),
        ("reveal", f"email_queue/{email}"),
    ]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [({"id": 1, "card": "4242"}, "2 fields: card, id"), ({}, "0 fields"), (["4242", "1"], "2 entries"), (4242, "int")],
)
async def test_whatever_a_payload_is_only_its_shape_is_shown(
    conn: Connection, caller: Caller, payload: Any, shown: str
) -> None:
    webhook = await rows.webhook(conn)
    await conn.execute("update webhook_retry_queue set payload = %s", [Jsonb(payload)])
    row = await caller.get(f"/queues/webhooks/rows/{webhook}")
    assert (row["content"]["payload"], row["recipient"]) == (shown, "stripe")


async def test_how_a_queue_stood_and_how_fast_it_goes_are_told(conn: Connection, caller: Caller) -> None:
    await conn.execute(
        "insert into queue_samples (queue, at, live, due, dead, done, died) "
        "select 'email_queue', now() - n * interval '1 minute', 100, 40 + n, 3, 60, 2 from generate_series(1, 30) n"
    )
    told = await caller.get("/queues/email_queue/samples", period="1h")
    steps = [step for step in told["steps"] if step["live"] is not None]
    assert (told["done_per_minute"], told["died_per_minute"], len(steps)) == (30.0, 1.0, 30)
    assert (steps[0]["due"], steps[-1]["due"]) == (70, 41)
