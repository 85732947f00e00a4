"""One row and its story; dead letters, what an act would do, the act, a requeue on its way; all of it recorded."""

from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests import nightshift
from tests.integration.admin import rows
from tests.integration.console.operating import Operator, text, words
from tests.integration.console.test_console_queues import EMAILS, acts
from tests.nightshift import Connection

LETTERS = f"{EMAILS}/dead-letters"
HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"


async def status_of(conn: Connection, email: UUID) -> Any:
    return (await nightshift.row(conn, "email_queue", email))["status"]


async def test_a_row_tells_its_whole_story(conn: Connection, operator: Operator) -> None:
    email = await rows.dead_email(conn, error="550 no such user")
    said = words(await operator.get(f"{EMAILS}/rows/{email}"))
    assert "dead_letter dead: 550 no such user" in said
    assert "It came in." in said
    assert "UTC dead 550 no such user after 7 ms" in said
    assert "subject 5 characters" in said


async def test_what_a_row_says_is_shown_only_when_asked_for_which_is_recorded(
    conn: Connection, operator: Operator
) -> None:
    email = await rows.email(conn, "ann@example.com")
    assert "ann@" not in text(await operator.get(f"{EMAILS}/rows/{email}"))
    shown = await operator.post(f"{EMAILS}/rows/{email}/content")
    assert "That you looked is recorded." in words(shown)
    assert "ann@example.com" in words(shown)
    assert "Dear Ann" in words(shown)
    assert await acts(conn) == [("reveal", f"email_queue/{email}")]


@pytest.mark.parametrize(
    ("act", "after"), [("requeue", "pending"), ("discard", "discarded")], ids=["requeue", "discard"]
)
async def test_a_dead_letter_is_sent_again_or_given_up(
    conn: Connection, operator: Operator, act: str, after: str
) -> None:
    email = await rows.dead_email(conn)
    done = await operator.post(f"{EMAILS}/rows/{email}/{act}")
    assert (done.status, await status_of(conn, email)) == (303, after)
    assert await acts(conn) == [(act, f"email_queue/{email}")]
    page = words(await operator.get(done.headers["location"]))
    assert {"requeue": "The row goes out again", "discard": "For 30 days this can be undone"}[act] in page


async def test_a_discard_is_undone_on_the_row_s_page(conn: Connection, operator: Operator) -> None:
    email = await rows.dead_email(conn)
    await operator.post(f"{EMAILS}/rows/{email}/discard")
    assert "Undo the discard" in words(await operator.get(f"{EMAILS}/rows/{email}"))
    await operator.post(f"{EMAILS}/rows/{email}/restore")
    assert await status_of(conn, email) == "dead_letter"
    assert (await acts(conn))[-1] == ("restore", f"email_queue/{email}")


async def test_a_row_offers_only_what_can_be_done_with_it(conn: Connection, operator: Operator) -> None:
    email = await rows.email(conn)
    await rows.send_all(conn)
    said = words(await operator.get(f"{EMAILS}/rows/{email}"))
    assert not [label for label in ("Send it again", "Give it up", "Undo the discard") if label in said]
    refused = await operator.post(f"{EMAILS}/rows/{email}/requeue")
    assert refused.status == 409
    assert "It cannot be requeued as it is: sent at" in words(refused)


async def test_dead_letters_are_grouped_and_each_error_leads_to_its_preview(
    conn: Connection, operator: Operator
) -> None:
    await rows.dead_email(conn)
    page = text(await operator.get(LETTERS))
    link = page.partition(f'href="{LETTERS}/preview?act=requeue&amp;fingerprint=')[2].partition('"')[0]
    said = words(await operator.get(f"{LETTERS}/preview?act=requeue&fingerprint={link}"))
    assert "Rows 1 Recipients 1 Maybe sent before 0" in said


async def test_a_preview_says_how_many_to_whom_how_many_maybe_twice_and_until_when(
    conn: Connection, operator: Operator
) -> None:
    for person in range(12):
        await rows.dead_email(conn, f"p{person % 4}@example.com", maybe=person < 2)
    page = await operator.get(f"{LETTERS}/preview?act=requeue")
    said = words(page)
    assert "Rows 12 Recipients 4 Maybe sent before 2 Takes at least" in said
    assert "@example.com" not in text(page)
    assert await rows.counts(conn) == {"dead_letter": 12}


async def test_a_requeue_goes_one_ten_all_while_its_page_is_looked_at(conn: Connection, operator: Operator) -> None:
    for number in range(15):
        await rows.dead_email(conn, f"p{number}@example.com")
    place = (await operator.post(f"{EMAILS}/requeue", limit="15")).headers["location"].partition("?")[0]
    seen = [words(await operator.get(place))]
    for _ in range(3):
        await rows.send_all(conn)
        seen.append(words(await operator.get(place)))
    assert [f"Went out: {out} of 15" in said for out, said in zip((0, 1, 11, 15), seen, strict=True)] == [True] * 4
    assert "requeue is done" in text(await operator.get(place))
    assert (await acts(conn))[0][0] == "start requeue"


async def test_a_requeue_stops_by_itself_and_says_why(conn: Connection, operator: Operator) -> None:
    for number in range(3):
        await rows.dead_email(conn, f"p{number}@example.com")
    place = (await operator.post(f"{EMAILS}/requeue")).headers["location"]
    await rows.send_all(conn, fails="554 still wrong")
    assert "stopped 554 still wrong" in words(await operator.get(place))
    assert await rows.counts(conn) == {"dead_letter": 3}


async def test_a_requeue_is_stopped_by_hand(conn: Connection, operator: Operator) -> None:
    for number in range(3):
        await rows.dead_email(conn, f"p{number}@example.com")
    place = (await operator.post(f"{EMAILS}/requeue")).headers["location"].partition("?")[0]
    await operator.post(f"{place}/stop")
    assert "stopped by service key" in words(await operator.get(place))
    assert await rows.counts(conn) == {"dead_letter": 3}


async def test_a_second_requeue_of_a_queue_is_refused_while_one_is_under_way(
    conn: Connection, operator: Operator
) -> None:
    for number in range(3):
        await rows.dead_email(conn, f"p{number}@example.com")
    await operator.post(f"{EMAILS}/requeue")
    again = await operator.post(f"{EMAILS}/requeue")
    assert again.status == 409
    assert "Another requeue of this queue is under way." in words(again)


async def test_letters_are_given_up_by_filter_and_all_of_that_is_undone(conn: Connection, operator: Operator) -> None:
    for error in ("HTTP 400", "HTTP 400", "HTTP 404"):
        await rows.dead_email(conn, error=error)
    cursor = await conn.execute("select nightshift.fingerprint('HTTP 400') as print")
    one_error = (await cursor.fetchone() or {})["print"]
    done = await operator.post(f"{EMAILS}/discard", fingerprint=one_error)
    assert await rows.counts(conn) == {"discarded": 2, "dead_letter": 1}
    assert "These letters are given up." in words(await operator.get(done.headers["location"]))
    assert "Rows 2" in words(await operator.get(f"{LETTERS}/preview?act=restore"))
    await operator.post(f"{EMAILS}/restore")
    assert await rows.counts(conn) == {"dead_letter": 3}


@pytest.mark.parametrize("act", ["requeue", "discard", "restore"])
async def test_an_act_on_nothing_says_so(operator: Operator, act: str) -> None:
    done = await operator.post(f"{EMAILS}/{act}")
    assert "There was nothing of that kind." in words(await operator.get(done.headers["location"]))
    assert "There is nothing of that kind." in words(await operator.get(f"{LETTERS}/preview?act={act}"))


async def test_whatever_a_row_says_stays_text(conn: Connection, operator: Operator) -> None:
    email = await rows.email(conn, subject=HOSTILE)
    await conn.execute(
        "update email_queue set text = %s, html = %s, metadata = %s, idempotency_key = %s, waits_for = %s",
        [HOSTILE, HOSTILE, Jsonb({HOSTILE: HOSTILE}), HOSTILE, HOSTILE],
    )
    await rows.die(conn, email, HOSTILE)
    places = (EMAILS, f"{EMAILS}/rows", f"{EMAILS}/rows/{email}", LETTERS, f"{LETTERS}/preview?act=requeue")
    pages = [await operator.get(place) for place in places]
    pages.append(await operator.post(f"{EMAILS}/rows/{email}/content"))
    for page in pages:
        assert page.status == 200
        assert "<script>alert" not in text(page)
        assert "<img src=x" not in text(page)
    assert HOSTILE in words(pages[-1]).replace("&#34;", '"')


async def test_a_stripe_event_s_payload_stays_text(conn: Connection, operator: Operator) -> None:
    webhook = await rows.webhook(conn)
    await conn.execute("update webhook_retry_queue set payload = %s", [Jsonb({"name": HOSTILE})])
    page = await operator.post(f"/console/queues/webhook_retry_queue/rows/{webhook}/content")
    assert "<script>alert" not in text(page)
    assert "&lt;script&gt;alert" in text(page)


async def test_while_the_database_is_away_a_row_is_still_read_and_no_act_can_be_chosen(
    conn: Connection, operator: Operator
) -> None:
    email = await rows.dead_email(conn)
    await operator.get(f"{EMAILS}/rows/{email}")
    await operator.resources.db.close()
    page = await operator.get(f"{EMAILS}/rows/{email}")
    assert page.status == 200
    assert "The database does not answer." in words(page)
    assert text(page).count("disabled") == 3
    assert (await operator.post(f"{EMAILS}/rows/{email}/requeue")).status == 503
