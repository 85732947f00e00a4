"""process-email-queue against a mailbox that refuses, throttles and drops (spec, sections 2 and 4)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from redis.asyncio import Redis

from functions.process_email_queue.main import process_email_queue
from infra.local.twins.faults import DropAfter
from infra.local.twins.resend import KEY, ResendConfig, ResendTwin
from infra.local.twins.smtp import SmtpTwin
from shared.errors import UnavailableError
from shared.repositories import emails
from shared.resources import Resources
from tests import nightshift
from tests.integration.mail.conftest import queued
from tests.nightshift import Connection


async def process(resources: Resources) -> Any:
    """One pass."""
    return nightshift.content(await nightshift.post(process_email_queue, resources))


async def state(conn: Connection, email: UUID) -> dict[str, Any]:
    return await nightshift.row(conn, "email_queue", email)


def recipients(mailbox: SmtpTwin) -> list[str]:
    return sorted(message.recipients[0] for message in mailbox.mailbox.newest())


async def test_a_due_email_goes_out_and_its_receipt_is_kept(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    email = await queued(conn, metadata=Jsonb({"unsubscribe_url": "https://x.example/u"}), headers=Jsonb({"X-A": "1"}))
    answer = await process(resources)
    found = await state(conn, email)
    [message] = mailbox.mailbox.newest()
    headers = dict(message.headers)
    assert (found["status"], found["attempts"], found["provider_message_id"]) == ("sent", 1, message.message_id)
    assert (headers["From"], headers["X-A"], headers["List-Unsubscribe"]) == (
        "night@example.com",
        "1",
        "<https://x.example/u>",
    )
    assert (answer["status"], answer["processed"], answer["failed"]) == ("success", 1, 0)


async def test_an_email_keeps_the_sender_that_it_names(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    await queued(conn, from_email="Shop <shop@example.net>", reply_to="Help <help@example.net>")
    await process(resources)
    headers = dict(mailbox.mailbox.newest()[0].headers)
    assert (headers["From"], headers["Reply-To"]) == ("Shop <shop@example.net>", "Help <help@example.net>")


async def test_an_email_that_is_scheduled_waits(conn: Connection, mailbox: SmtpTwin, resources: Resources) -> None:
    await queued(conn, next_retry_at=datetime(2100, 1, 1, tzinfo=UTC))
    await process(resources)
    assert mailbox.journal.all() == []


@pytest.mark.parametrize(
    ("reason", "metadata"),
    [
        ("bounce", {}),
        ("complaint", {}),
        ("manual", {}),
        ("unsubscribe", {"unsubscribe_url": "https://x.example/u"}),
    ],
)
async def test_a_suppressed_address_is_skipped_with_the_reason(
    conn: Connection, mailbox: SmtpTwin, resources: Resources, reason: emails.Reason, metadata: Any
) -> None:
    await emails.suppress(resources.db, "anna@example.org", reason, source="operator")
    email, other = await queued(conn, "ANNA@Example.org", metadata=Jsonb(metadata)), await queued(conn, "b@example.org")
    await process(resources)
    found = await state(conn, email)
    why = f"the address is on the suppression list ({reason})"
    assert (found["status"], found["last_error"], found["attempts"]) == ("suppressed", why, 0)
    assert ((await state(conn, other))["status"], recipients(mailbox)) == ("sent", ["b@example.org"])


async def test_who_unsubscribed_still_gets_what_is_no_subscription(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    await emails.suppress(resources.db, "anna@example.org", "unsubscribe", source="portal")
    await queued(conn, subject="Your receipt")
    await process(resources)
    assert recipients(mailbox) == ["anna@example.org"]


async def test_a_hard_bounce_suppresses_its_address_for_later_mails(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    first = await queued(conn, "bounce+anna@example.org")
    await process(resources)
    second = await queued(conn, "BOUNCE+anna@example.org")
    await process(resources)
    assert ((await state(conn, first))["status"], (await state(conn, first))["last_error"]) == (
        "dead_letter",
        "smtp 550 5.1.1",
    )
    assert (await state(conn, second))["status"] == "suppressed"
    assert len(mailbox.journal.all()) == 1
    [entry] = await (await conn.execute("select * from email_suppressions")).fetchall()
    assert (entry["address"], entry["reason"], entry["source"]) == ("bounce+anna@example.org", "bounce", "smtp")
    assert entry["detail"] == {"status": "5.1.1", "email_id": str(first)}


async def test_a_full_mailbox_is_no_bounce(conn: Connection, resources: Resources) -> None:
    email = await queued(conn, "full+anna@example.org")
    await process(resources)
    assert (await state(conn, email))["status"] == "dead_letter"
    assert await emails.suppressed(resources.db, ["full+anna@example.org"]) == {}


async def test_a_bounce_that_cannot_be_noted_is_a_bounce_all_the_same(
    conn: Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise UnavailableError("gone")

    monkeypatch.setattr(emails, "suppress", gone)
    email = await queued(conn, "bounce+anna@example.org")
    await process(resources)
    assert (await state(conn, email))["status"] == "dead_letter"


async def test_a_greylisted_email_comes_back_on_the_ladder_and_arrives(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    email = await queued(conn, "grey1+anna@example.org")
    await process(resources)
    found = await state(conn, email)
    assert (found["status"], found["attempts"], found["last_error"]) == ("pending", 1, "smtp 450 4.2.0")
    await conn.execute("update email_queue set next_retry_at = now()")
    await process(resources)
    assert (await state(conn, email))["status"] == "sent"
    assert recipients(mailbox) == ["grey1+anna@example.org"]


async def test_a_throttle_costs_no_attempt(conn: Connection, resources: Resources) -> None:
    email = await queued(conn, "throttle+anna@example.org")
    await process(resources)
    found = await state(conn, email)
    assert (found["status"], found["attempts"]) == ("pending", 0)
    assert found["next_retry_at"] > datetime.now(UTC)


async def test_a_mail_in_doubt_is_repeated_once_with_the_same_message_id_and_marked(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    email = await queued(conn, "drop1+anna@example.org")
    await process(resources)
    await conn.execute("update email_queue set next_retry_at = now()")
    await process(resources)
    found = await state(conn, email)
    assert (found["status"], found["possible_duplicate"]) == ("sent", True)
    assert len({message.message_id for message in mailbox.mailbox.newest()}) == 1


async def test_a_server_that_is_gone_leaves_every_row_pending(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    await mailbox.stop()
    for n in range(8):
        await queued(conn, f"a{n}@example.org")
    for _ in range(3):
        await process(resources)
    rows = await (await conn.execute("select status, attempts from email_queue")).fetchall()
    assert rows == [{"status": "pending", "attempts": 0}] * 8


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"subject": "a\r\nBcc: b@example.org"}, "subject holds a control character"),
        ({"to": "a@example.org,b@example.org"}, "to_email is not an email address"),
        ({"headers": Jsonb({"Bcc": "b@example.org"})}, "headers may not set bcc"),
        ({"headers": Jsonb({"X-A": 1})}, "a header is not text"),
        ({"metadata": Jsonb({"unsubscribe_url": ["x"]})}, "unsubscribe_url is not a link"),
        ({"from_email": "nobody"}, "from_email is not an email address"),
    ],
)
async def test_a_row_that_somebody_forged_is_dead_and_says_why(
    conn: Connection, mailbox: SmtpTwin, resources: Resources, columns: dict[str, Any], why: str
) -> None:
    email, good = await queued(conn, **columns), await queued(conn, "good@example.org")
    await process(resources)
    found = await state(conn, email)
    assert (found["status"], found["last_error"]) == ("dead_letter", why)
    assert ((await state(conn, good))["status"], recipients(mailbox)) == ("sent", ["good@example.org"])


@pytest.mark.parametrize("metadata", ["[1]", '"x"', "null", "7"])
async def test_metadata_of_any_shape_stops_no_mail(
    conn: Connection, mailbox: SmtpTwin, resources: Resources, metadata: str
) -> None:
    email = await queued(conn, metadata=Jsonb(json.loads(metadata)))
    await process(resources)
    assert (await state(conn, email))["status"] == "sent"


async def test_one_recipient_gets_so_many_a_minute_in_every_spelling(
    conn: Connection, mailbox: SmtpTwin, resources: Resources
) -> None:
    for n in range(12):
        await queued(conn, "Anna@example.org" if n % 2 else "anna@EXAMPLE.org")
    await queued(conn, "ben@example.org")
    await process(resources)
    assert len(mailbox.mailbox.newest()) == 11
    waiting = await (await conn.execute("select * from email_queue where status = 'pending'")).fetchall()
    assert [(found["attempts"], found["waits_for"]) for found in waiting] == [(0, "rate limit")] * 2
    assert all(0 < (found["next_retry_at"] - datetime.now(UTC)).total_seconds() <= 60 for found in waiting)


async def test_all_recipients_together_get_so_many_a_minute(
    conn: Connection, mailbox: SmtpTwin, database_url: str
) -> None:
    limited = Resources(nightshift.settings(database_url, smtp_url=mailbox.smtp_url, email_per_minute=3))
    for n in range(5):
        await queued(conn, f"a{n}@example.org")
    await process(limited)
    await limited.close()
    assert len(mailbox.mailbox.newest()) == 3


async def test_the_limiter_learns_no_address(
    conn: Connection, mailbox: SmtpTwin, database_url: str, redis_url: str
) -> None:
    limited = Resources(nightshift.settings(database_url, smtp_url=mailbox.smtp_url, redis_url=redis_url))
    await queued(conn)
    await process(limited)
    await limited.close()
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        keys = await redis.keys("*")
    assert any("email:to:#" in key for key in keys)
    assert not any("anna" in key or "@" in key for key in keys)


@pytest.fixture
async def resend(database_url: str) -> AsyncIterator[tuple[ResendTwin, Resources]]:
    async with ResendTwin(config=ResendConfig(rate=(100, 1.0))) as twin:
        values = {"email_provider": "resend", "resend_api_base": twin.url, "resend_api_key": KEY}
        made = Resources(nightshift.settings(database_url, email_timeout="500ms", **values))
        yield twin, made
        await made.close()


async def test_resend_repeats_a_lost_answer_without_a_second_mail(
    conn: Connection, resend: tuple[ResendTwin, Resources]
) -> None:
    twin, resources = resend
    twin.apply(DropAfter())
    email = await queued(conn)
    await process(resources)
    await conn.execute("update email_queue set next_retry_at = now()")
    await process(resources)
    found = await state(conn, email)
    assert (found["status"], found["possible_duplicate"]) == ("sent", False)
    assert [record["outcome"] for record in twin.journal.all()] == ["delivered", "repeated"]
    assert found["provider_message_id"] == twin.journal.all()[0]["email_id"]


async def test_a_wrong_setting_fails_the_run_and_touches_no_row(conn: Connection, database_url: str) -> None:
    broken = Resources(nightshift.settings(database_url, email_from="nobody"))
    email = await queued(conn)
    answer = await nightshift.post(process_email_queue, broken)
    await broken.close()
    assert answer.status == 500
    assert ((await state(conn, email))["status"], (await state(conn, email))["attempts"]) == ("pending", 0)


async def test_two_runs_at_once_send_each_mail_once(conn: Connection, mailbox: SmtpTwin, resources: Resources) -> None:
    for n in range(30):
        await queued(conn, f"a{n}@example.org")
    await asyncio.gather(process(resources), process(resources))
    assert recipients(mailbox) == sorted(f"a{n}@example.org" for n in range(30))
