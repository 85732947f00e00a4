"""A notice counts once, however often and with whatever else it comes at the same time."""

import asyncio

import psycopg
import pytest

from shared.resources import Resources
from tests.integration.mail.mail_events import held, post, suppressions, tell
from tests.integration.queue.waiting import begun_and_waiting
from tests.nightshift import Connection, content
from tests.topic import Topic, bounce, complaint, signed

ANNA, BEN = "anna@example.org", "ben@example.org"


async def test_a_notice_is_taken_once(conn: Connection, events: Resources, topic: Topic) -> None:
    message = signed(topic.notification(bounce(ANNA)))
    assert [content(await post(events, message))["status"] for _ in range(2)] == ["suppressed", "duplicate"]
    await conn.execute("delete from email_suppressions")  # an operator's decision, which a late copy does not undo
    assert content(await post(events, message))["status"] == "duplicate"
    assert await suppressions(conn) == {}


async def test_twenty_copies_at_once_are_one(conn: Connection, events: Resources, topic: Topic) -> None:
    message = signed(topic.notification(bounce(ANNA)))
    answers = await asyncio.gather(*[post(events, message) for _ in range(20)])
    verdicts = sorted(content(answer)["status"] for answer in answers)
    assert verdicts == ["duplicate"] * 19 + ["suppressed"]
    assert len(await held(conn)) == 1


@pytest.mark.parametrize(("end", "verdict"), [("commit", "duplicate"), ("rollback", "suppressed")])
async def test_a_copy_waits_for_the_one_that_is_under_way(
    conn: Connection, database_url: str, events: Resources, topic: Topic, *, end: str, verdict: str
) -> None:
    message = signed(topic.notification(bounce(ANNA)))
    await post(events, signed(topic.notification("the certificate is fetched")))
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute(
            "insert into webhook_events (provider, event_id, event_type, event_created, raw_body, status, processed_at)"
            " values ('ses', %s, 'Bounce', now(), '{}', 'processed', now())",
            [message["MessageId"]],
        )
        late = await begun_and_waiting(conn, post(events, message))
        await other.execute(end.encode())
        assert content(await late) == {"status": verdict}


async def test_two_notices_of_the_same_people_in_either_order_do_not_lock_each_other_out(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    people = [f"p{n}@example.org" for n in range(30)]
    notices = [bounce(*people), bounce(*reversed(people)), complaint(*people)] * 4
    await asyncio.gather(*[tell(events, topic, told) for told in notices])
    assert (await suppressions(conn)).keys() == set(people)
    assert len(await held(conn)) == 12


async def test_a_notice_and_its_effects_are_kept_together_or_not_at_all(
    conn: Connection, events: Resources, topic: Topic
) -> None:
    await conn.execute("alter table email_suppressions add check (address <> 'ben@example.org')")
    answer = await post(events, signed(topic.notification(bounce(ANNA, BEN))))
    assert answer.status == 500
    assert (await held(conn), await suppressions(conn)) == ([], {})
