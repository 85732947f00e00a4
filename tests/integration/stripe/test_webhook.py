"""What Stripe is answered, and what is kept, whatever it posts and whatever fails."""

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.stripe_webhook import main
from infra.local.program import free_port
from infra.local.twins.stripe_events import thin
from shared.providers.stripe import read
from shared.resources import Resources
from shared.stripe.intake import Intake
from tests import nightshift
from tests.nightshift import Connection, content
from tests.payments import SECRET, Event, Purchase, balance, count, deliver, event, one, order, send, signature


def raw(event: Event) -> bytes:
    return json.dumps(event).encode()


async def nothing_kept(conn: Connection) -> bool:
    return await count(conn, "webhook_events") == await count(conn, "webhook_retry_queue") == 0


async def test_an_event_is_kept_as_it_was_sent(conn: Connection, resources: Resources) -> None:
    body = json.dumps({**event("invoice.paid"), "note": "Zoë ✓"}, indent=3, ensure_ascii=False)
    await send(resources, body.encode())
    assert (await one(conn, "select raw_body from webhook_events"))["raw_body"] == body


async def test_what_stripe_did_not_sign_is_refused_and_not_kept(conn: Connection, resources: Resources) -> None:
    body, now = raw(event("invoice.paid")), int(time.time())
    headers = [
        "",
        "t=1,v1=00",
        signature(body, "whsec_other"),
        signature(body, SECRET, at=now - 999),
        signature(body, SECRET, at=now + 999),
    ]
    for header in headers:
        answer = await send(resources, body, header)
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
    assert await nothing_kept(conn)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"not json", b"\xff", b"[" * 50_000])
async def test_what_is_no_event_is_refused_and_not_kept(conn: Connection, resources: Resources, body: bytes) -> None:
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert (await send(resources, body, f"t={at},v1={digest}")).status == 400
    assert await nothing_kept(conn)


async def test_a_body_of_over_a_mebibyte_is_refused(conn: Connection, resources: Resources) -> None:
    assert (await send(resources, b" " * ((1 << 20) + 1))).status == 413
    assert await nothing_kept(conn)


async def test_an_event_with_an_escaped_nul_is_kept_and_processed(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout(customer_details={"email": "a\0nna@example.org", "name": "\0"})
    assert await deliver(resources, paid) == ["processed"]
    assert (await order(conn))["email"] == "anna@example.org"
    assert "\\u0000" in (await one(conn, "select raw_body from webhook_events"))["raw_body"]


async def test_an_event_with_an_escaped_nul_that_fails_is_queued_as_text(
    conn: Connection, resources: Resources
) -> None:
    paid = Purchase(uuid4()).checkout(success_url="\0")
    assert await deliver(resources, paid) == ["queued"]
    assert json.loads((await one(conn, "select payload from webhook_retry_queue"))["payload"]["raw"]) == paid


async def test_a_duplicate_is_acknowledged_and_does_nothing(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    assert await deliver(resources, paid, paid, paid) == ["processed", "duplicate", "duplicate"]
    assert await balance(conn, user_id) == 100
    assert await count(conn, "webhook_events") == 1


async def test_the_same_event_twenty_times_at_once_credits_once(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    body = raw(Purchase(user_id).checkout())
    answers = await asyncio.gather(*[send(resources, body) for _ in range(20)])
    assert {answer.status for answer in answers} == {200}
    assert await balance(conn, user_id) == 100
    assert await count(conn, "essence_transactions") == await count(conn, "email_queue") == 1
    assert await count(conn, "webhook_retry_queue") == 0


async def test_all_events_of_an_order_at_once_settle_it_as_one_after_the_other_would(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    bought = Purchase(user_id)
    events = [
        bought.paid(),
        bought.checkout(payment_status="unpaid"),
        bought.checkout("async_payment_succeeded"),
        bought.refunded(200),
    ]
    await asyncio.gather(*[send(resources, raw(each)) for each in events * 3])
    made = await order(conn)
    assert (made["status"], made["essence_taken"]) == ("paid", 40)
    assert await balance(conn, user_id) == 60


async def test_types_without_a_handler_are_kept_and_acknowledged(conn: Connection, resources: Resources) -> None:
    unknown = {**event("invoice.paid"), "type": "radar.early_fraud_warning.created"}
    assert await deliver(resources, unknown, unknown) == ["ignored", "duplicate"]
    assert (await one(conn, "select status from webhook_events"))["status"] == "ignored"


async def test_thin_events_are_recognised_kept_and_acknowledged(conn: Connection, resources: Resources) -> None:
    notice = thin(event("charge.refunded", id="ch_1"))
    assert await deliver(resources, notice) == ["ignored"]
    kept = await one(conn, "select * from webhook_events")
    assert (kept["event_type"], kept["object_id"]) == ("v1.charge.refunded", "ch_1")


async def test_an_event_that_fails_is_queued_once_due_in_a_minute_and_acknowledged(
    conn: Connection, resources: Resources
) -> None:
    paid = Purchase(uuid4()).checkout()
    assert await deliver(resources, paid, paid) == ["queued", "queued"]
    waiting = await one(conn, "select *, next_retry_at - now() as wait from webhook_retry_queue")
    assert waiting["webhook_event_id"] == paid["id"]
    assert waiting["payload"] == paid
    assert 50 < waiting["wait"].total_seconds() < 70
    kept = await one(conn, "select * from webhook_events")
    assert (kept["status"], kept["error"]) == ("failed", "the user that it names does not exist")
    assert await count(conn, "orders") == 0


async def test_a_duplicate_of_an_event_that_failed_is_another_try(conn: Connection, resources: Resources) -> None:
    later = uuid4()
    paid = Purchase(later).checkout()
    assert await deliver(resources, paid) == ["queued"]
    await conn.execute("insert into users (id) values (%s)", [later])
    assert await deliver(resources, paid) == ["processed"]
    assert await balance(conn, later) == 100


async def test_effects_that_fail_half_way_leave_nothing_behind(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    await conn.execute("alter table email_queue add check (to_email <> 'anna@example.org')")
    assert await deliver(resources, Purchase(user_id).checkout()) == ["queued"]
    assert await count(conn, "orders") == await count(conn, "essence_transactions") == await balance(conn, user_id) == 0


async def test_handlers_that_hang_are_cut_short_and_answered_in_time(
    database_url: str, conn: Connection, resources: Resources, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "PROCESS", 0.4)
    await conn.execute("insert into furniture_essence (user_id) values (%s)", [user_id])
    async with await psycopg.AsyncConnection.connect(database_url) as shop:
        await shop.execute("update furniture_essence set balance = 0")  # holds the balance's lock
        started = time.monotonic()
        assert await deliver(resources, Purchase(user_id).checkout()) == ["queued"]
        assert time.monotonic() - started < 2
        await shop.rollback()
    assert (await one(conn, "select error from webhook_events"))["error"] == "TimeoutError"
    assert await count(conn, "webhook_retry_queue") == 1
    assert await count(conn, "orders") == 0


async def test_a_queue_that_cannot_be_written_leaves_the_event_for_the_next_sweep(
    conn: Connection, resources: Resources
) -> None:
    await conn.execute("alter table webhook_retry_queue rename to elsewhere")
    assert await deliver(resources, Purchase(uuid4()).checkout()) == ["queued"]
    assert (await one(conn, "select status from webhook_events"))["status"] == "received"


async def test_a_stopped_database_is_answered_503_within_two_seconds() -> None:
    gone = Resources(
        nightshift.settings(f"postgresql://postgres@127.0.0.1:{free_port()}/gone", stripe_webhook_secrets=SECRET)
    )
    started = time.monotonic()
    answer = await send(gone, raw(event("invoice.paid")))
    assert time.monotonic() - started < 2
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert content(answer)["status"] == 503
    await gone.close()


async def test_an_event_that_cannot_be_kept_is_answered_503(conn: Connection, resources: Resources) -> None:
    await conn.execute("begin")
    await conn.execute("lock table webhook_events")
    started = time.monotonic()
    assert (await send(resources, raw(event("invoice.paid")))).status == 503
    assert time.monotonic() - started < 2
    await conn.execute("rollback")


async def test_an_event_that_another_call_is_recording_at_this_moment_is_left_to_it(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unseen(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(resources.db, "row", unseen)
    assert await deliver(resources, event("invoice.paid")) == ["duplicate"]


async def test_an_event_that_another_call_is_processing_is_left_to_it(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    paid = Purchase(user_id).checkout()
    intake = Intake(resources.db)
    await intake.record(read(raw(paid)), json.dumps(paid))
    await conn.execute("begin")
    await conn.execute("select from webhook_events for update")
    assert await deliver(resources, paid) == ["duplicate"]
    await conn.execute("rollback")
    assert await deliver(resources, paid) == ["processed"]


async def test_the_address_of_a_mail_that_the_product_wrote_itself_is_left_alone(
    conn: Connection, resources: Resources, user_id: UUID
) -> None:
    first = uuid4()
    await conn.execute("insert into orders (id, user_id, essence) values (%s, %s, 5)", [first, user_id])
    await conn.execute(
        "insert into email_queue (to_email, subject, text, idempotency_key) values ('b@example.org', 's', 't', %s)",
        [f"receipt:{first}"],
    )
    assert await deliver(resources, Purchase(user_id, order_id=first).checkout()) == ["processed"]
    assert (await one(conn, "select to_email from email_queue"))["to_email"] == "b@example.org"
