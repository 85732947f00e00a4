"""What SES tells of sent mails, and what follows: who gets no more mail, and what `why` says of the mail."""

import json
from typing import Any
from uuid import UUID

import pytest

from functions.process_email_queue.main import process_email_queue
from infra.local.twins.smtp import SmtpTwin
from shared.log import log
from shared.queue.rows import Rows
from shared.repositories import emails
from shared.resources import Resources
from tests import nightshift
from tests.integration.mail.conftest import queued
from tests.integration.mail.mail_events import held, post, suppressions, tell
from tests.nightshift import Connection
from tests.topic import MESSAGE_ID, Topic, bounce, complaint, sent, signed

ANNA, BEN, CLEO = "anna@example.org", "ben@example.org", "cleo@example.org"


@pytest.mark.parametrize("key", ["notificationType", "eventType"])
@pytest.mark.parametrize(("told", "reason"), [(bounce, "bounce"), (complaint, "complaint")])
async def test_identities_and_configuration_sets_are_both_understood(
    conn: Connection, events: Resources, topic: Topic, *, key: str, told: Any, reason: str
) -> None:
    assert await tell(events, topic, told(ANNA, key=key)) == "suppressed"
    assert await suppressions(conn) == {ANNA: reason}


@pytest.mark.parametrize(
    ("type_", "sub_type"),
    [
        ("Permanent", "General"),
        ("Permanent", "NoEmail"),
        ("Permanent", "Suppressed"),
        ("Permanent", "OnAccountSuppressionList"),
        ("Undetermined", "OnAccountSuppressionList"),
    ],
)
async def test_who_can_never_be_reached_gets_no_more_mail(
    conn: Connection, events: Resources, topic: Topic, type_: str, sub_type: str
) -> None:
    assert await tell(events, topic, bounce(ANNA, type=type_, sub_type=sub_type)) == "suppressed"
    assert await suppressions(conn) == {ANNA: "bounce"}


@pytest.mark.parametrize(
    ("type_", "sub_type"),
    [("Transient", "MailboxFull"), ("Transient", "General"), ("Undetermined", "Undetermined"), ("New", "Kind")],
)
async def test_a_bounce_that_may_pass_is_recorded_and_suppresses_nobody(
    conn: Connection, events: Resources, topic: Topic, type_: str, sub_type: str
) -> None:
    assert await tell(events, topic, bounce(ANNA, type=type_, sub_type=sub_type)) == "recorded"
    [kept] = await held(conn)
    assert (await suppressions(conn), kept["event_type"]) == ({}, f"Bounce {type_} {sub_type}")


async def test_who_takes_a_mail_out_of_the_spam_does_not_complain(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    assert await tell(events, topic, complaint(ANNA, feedback="not-spam")) == "recorded"
    assert await suppressions(conn) == {}


@pytest.mark.parametrize("feedback", ["abuse", "fraud", "virus", "other", None, "a new one"])
async def test_every_other_complaint_is_one(
    conn: Connection, events: Resources, topic: Topic, feedback: str | None
) -> None:
    assert await tell(events, topic, complaint(ANNA, feedback=feedback)) == "suppressed"
    assert await suppressions(conn) == {ANNA: "complaint"}


async def test_several_recipients_of_one_notice_are_all_suppressed(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    assert (
        await tell(events, topic, bounce(BEN, f"Anna <{ANNA.upper()}>", destination=[ANNA, BEN, CLEO])) == "suppressed"
    )
    assert await suppressions(conn) == {ANNA: "bounce", BEN: "bounce"}


async def test_the_address_that_was_written_to_counts_and_not_the_one_that_it_forwards_to(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    await tell(events, topic, bounce("anna.private@example.net", destination=[ANNA]))
    assert await suppressions(conn) == {ANNA: "bounce"}


async def test_a_hostile_server_silences_nobody_but_itself(conn: Connection, events: Resources, topic: Topic) -> None:
    told = bounce("victim@example.net", BEN, destination=[ANNA, BEN])
    await tell(events, topic, told)
    assert await suppressions(conn) == {BEN: "bounce"}


async def test_without_a_destination_the_named_recipient_is_enough(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    await tell(events, topic, bounce(ANNA, destination=[]))
    assert await suppressions(conn) == {ANNA: "bounce"}


@pytest.mark.parametrize("address", ["nonsense", "", "a@b@c", "x" * 400 + "@example.org", "an\0na@example.org"])
async def test_what_is_no_address_stands_in_nobodys_way(
    conn: Connection, events: Resources, topic: Topic, address: str
) -> None:
    await tell(events, topic, bounce(address, ANNA, destination=[address, ANNA, BEN]))
    assert await suppressions(conn) == {ANNA: "bounce"}


async def test_what_is_no_address_is_not_taken_for_the_other_recipient(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    await tell(events, topic, bounce("nonsense", destination=["nonsense", ANNA]))
    assert await suppressions(conn) == {}


@pytest.mark.parametrize("kind", ["Delivery", "Send", "Open", "Click", "Subscription", "Something new"])
async def test_what_tells_of_no_trouble_is_not_kept(
    conn: Connection, events: Resources, topic: Topic, kind: str
) -> None:
    assert await tell(events, topic, {"eventType": kind, "mail": sent([ANNA], MESSAGE_ID)}) == "ignored"
    assert (await held(conn), await suppressions(conn)) == ([], {})


@pytest.mark.parametrize("kind", ["Reject", "Rendering Failure", "DeliveryDelay"])
async def test_other_trouble_is_recorded(conn: Connection, events: Resources, topic: Topic, kind: str) -> None:
    assert await tell(events, topic, {"eventType": kind, "mail": sent([ANNA], MESSAGE_ID)}) == "recorded"
    assert await suppressions(conn) == {}


@pytest.mark.parametrize("text", ["Successfully validated SNS topic for Amazon SES event publishing.", "{}", "[]", "7"])
async def test_a_message_that_is_no_notice_is_acknowledged(
    conn: Connection, events: Resources, topic: Topic, text: str
) -> None:
    assert await tell(events, topic, text) == "ignored"
    assert await held(conn) == []


@pytest.mark.parametrize(
    "told",
    [
        {"notificationType": "Bounce"},
        {"notificationType": "Bounce", "mail": {"messageId": "x y", "destination": []}},
        bounce(ANNA) | {"bounce": {"bounceType": "Permanent"}},
    ],
)
async def test_a_notice_of_trouble_that_cannot_be_understood_is_refused_and_logged(
    conn: Connection, events: Resources, topic: Topic, capsys: pytest.CaptureFixture[str], *, told: Any
) -> None:
    message = signed(topic.notification(told))
    assert ((await post(events, message)).status, await held(conn)) == (400, [])
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["event"]) == ("ERROR", message["MessageId"])


@pytest.mark.parametrize(
    ("before", "after"),
    [("unsubscribe", "bounce"), ("complaint", "complaint"), ("manual", "manual"), ("bounce", "bounce")],
)
async def test_the_first_reason_stays_but_who_only_unsubscribed_may_still_bounce(
    conn: Connection, events: Resources, topic: Topic, before: emails.Reason, after: str
) -> None:
    await emails.suppress(events.db, ANNA, before, source="operator")
    await tell(events, topic, bounce(ANNA))
    assert await suppressions(conn) == {ANNA: after}


async def test_a_suppression_leads_to_its_notice_and_its_mail(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    message = signed(topic.notification(bounce(ANNA)))
    await post(events, message)
    entry = await (await conn.execute("select * from email_suppressions")).fetchone() or {}
    assert (entry["source"], entry["provider_message_id"]) == ("ses", MESSAGE_ID)
    assert entry["detail"] == {"event_id": message["MessageId"], "event_type": "Bounce Permanent General"}
    [kept] = await held(conn)
    assert json.loads(kept["raw_body"])["mail"]["messageId"] == kept["object_id"] == MESSAGE_ID


async def mailed(conn: Connection) -> UUID:
    """An email that SES has taken."""
    email = await queued(conn, ANNA)
    await conn.execute(
        "update email_queue set status = 'sent', finished_at = now(), sent_at = now(), provider_message_id = %s",
        [MESSAGE_ID],
    )
    return email


async def why(conn: Connection, email: UUID) -> str:
    row = await (await conn.execute("select why('email_queue', %s) as why", [email])).fetchone()
    return str((row or {})["why"])


async def test_a_sent_mail_tells_what_became_of_it(conn: Connection, events: Resources, topic: Topic) -> None:
    email = await mailed(conn)
    quiet = await why(conn, email)
    await tell(events, topic, bounce(ANNA))
    assert (await nightshift.row(conn, "email_queue", email))["status"] == "sent"
    assert (await why(conn, email)).startswith(f"{quiet}; then Bounce Permanent General at 2")
    assert (await why(conn, email)).endswith("(ses)")
    shown = await Rows(events.db).one("email_queue", email, reveal=False)
    assert shown["why"] == await why(conn, email)


async def test_a_notice_that_is_faster_than_the_mails_own_receipt_is_told_all_the_same(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    await tell(events, topic, complaint(ANNA))
    email = await mailed(conn)
    assert "; then Complaint abuse at 2" in await why(conn, email)


async def test_a_mail_that_nothing_is_told_of_is_just_sent(conn: Connection) -> None:
    email = await mailed(conn)
    assert (await why(conn, email)).startswith("sent at 2")
    assert ";" not in await why(conn, email)


async def test_what_is_mailed_afterwards_is_skipped(
    conn: Connection, events: Resources, topic: Topic, mailbox: SmtpTwin
) -> None:
    await tell(events, topic, bounce("Anna@Example.org"))
    await tell(events, topic, complaint(BEN))
    later = [await queued(conn, address) for address in (ANNA, BEN, CLEO)]
    await nightshift.post(process_email_queue, events)
    found = [await nightshift.row(conn, "email_queue", email) for email in later]
    assert [row["status"] for row in found] == ["suppressed", "suppressed", "sent"]
    assert [message.recipients for message in mailbox.mailbox.newest()] == [(CLEO,)]


async def test_no_address_reaches_the_log(
    events: Resources, topic: Topic, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "threshold", "DEBUG")
    for told in (bounce(ANNA), complaint(BEN), bounce(ANNA, type="Transient"), "hello anna@example.org"):
        await tell(events, topic, told)
    written = capsys.readouterr().out
    assert '"verdict": "suppressed"' in written
    assert "@" not in written
