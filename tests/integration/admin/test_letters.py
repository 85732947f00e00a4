"""Dead letters: seen by error, previewed, requeued, discarded; nothing unseen, nothing unrecorded."""

from typing import Any
from uuid import UUID

import pytest

from tests import nightshift
from tests.integration.admin import rows
from tests.integration.admin.conftest import Caller
from tests.nightshift import Connection

EMAILS = "/queues/email_queue"


async def status_of(conn: Connection, email: UUID) -> Any:
    return (await nightshift.row(conn, "email_queue", email))["status"]


async def test_dead_letters_are_grouped_by_error_with_counts_and_an_example(conn: Connection, caller: Caller) -> None:
    for person in ("ann", "bob"):
        await rows.dead_email(conn, error=f"550 unknown: {person}@example.com")
    last = await rows.dead_email(conn, error="552 too big", maybe=True)
    found = await caller.get(f"{EMAILS}/dead-letters")
    groups = [(group["error"], group["letters"], group["possible_duplicates"]) for group in found["groups"]]
    assert groups == [("550 unknown: <address>", 2, 0), ("552 too big", 1, 1)]
    assert found["groups"][1]["example_id"] == str(last)


async def test_one_dead_letter_goes_out_again_with_fresh_attempts_and_its_history(
    conn: Connection, caller: Caller
) -> None:
    email = await rows.dead_email(conn)
    await conn.execute("update email_queue set attempts = 5")
    await caller.post(f"{EMAILS}/rows/{email}/requeue")
    row = await nightshift.row(conn, "email_queue", email)
    [act] = (await caller.get("/audit"))["acts"]
    assert (row["status"], row["attempts"], [entry["fate"] for entry in row["history"]]) == (
        "pending",
        0,
        ["dead", "requeued"],
    )
    assert (act["action"], act["subject"]) == ("requeue", f"email_queue/{email}")


async def test_one_dead_letter_is_given_up_and_the_act_recorded(conn: Connection, caller: Caller) -> None:
    email = await rows.dead_email(conn)
    await caller.post(f"{EMAILS}/rows/{email}/discard")
    [act] = (await caller.get("/audit"))["acts"]
    assert (await status_of(conn, email), act["action"]) == ("discarded", "discard")


async def test_a_row_that_is_not_dead_cannot_be_requeued_and_says_what_it_is(conn: Connection, caller: Caller) -> None:
    email = await rows.email(conn)
    response = await caller.call("POST", f"{EMAILS}/rows/{email}/requeue")
    problem = nightshift.content(response)
    assert (response.status, problem["row_status"]) == (409, "pending")
    assert "due since" in problem["detail"]


@pytest.mark.parametrize("act", ["requeue", "discard"])
async def test_without_confirm_nothing_happens_but_a_preview(conn: Connection, caller: Caller, act: str) -> None:
    for person in range(12):
        await rows.dead_email(conn, f"p{person % 4}@example.com", maybe=person < 2)
    preview = await caller.post(f"{EMAILS}/{act}", {"error": "HTTP 400"})
    assert (preview["letters"], preview["recipients"], preview["possible_duplicates"]) == (12, 4, 2)
    assert len(preview["examples"]) == 10
    assert await rows.counts(conn) == {"dead_letter": 12}
    assert (await caller.get("/audit"))["acts"] == []


@pytest.mark.parametrize(
    ("which", "letters"),
    [
        ({}, 3),
        ({"error": "HTTP 400"}, 2),
        ({"error": "HTTP 500"}, 0),
        ({"older_than": "2h"}, 1),
        ({"newer_than": "2h"}, 2),
        ({"newer_than": "2020-01-01T00:00:00Z", "limit": 1}, 1),
    ],
)
async def test_a_filter_means_what_it_says(
    conn: Connection, caller: Caller, which: dict[str, Any], letters: int
) -> None:
    await rows.dead_email(conn, ago="3 hours")
    await rows.dead_email(conn)
    await rows.dead_email(conn, error="HTTP 404")
    assert (await caller.post(f"{EMAILS}/requeue", which))["letters"] == letters


@pytest.mark.parametrize(
    ("chats", "seconds"),
    [([1] * 5, 5), ([-1] * 5, 15), (range(1, 91), 3)],
    ids=["one chat: 1/s", "a group: 20/min", "the bot: 30/s"],
)
async def test_the_preview_knows_how_long_it_takes_under_telegrams_limits(
    conn: Connection, caller: Caller, chats: list[int], seconds: int
) -> None:
    for chat in chats:
        await rows.dead_reply(conn, chat)
    assert (await caller.post("/queues/replies/requeue"))["takes_seconds"] == seconds


@pytest.mark.parametrize(("people", "seconds"), [(1, 180), (30, 18)], ids=["10/min to one", "100/min in all"])
async def test_the_preview_knows_how_long_it_takes_under_the_limits_of_email(
    conn: Connection, caller: Caller, people: int, seconds: int
) -> None:
    for number in range(30):
        await rows.dead_email(conn, f"p{number % people}@example.com")
    assert (await caller.post(f"{EMAILS}/requeue"))["takes_seconds"] == seconds


async def test_rows_that_are_due_already_go_first(conn: Connection, caller: Caller) -> None:
    for number in range(50):
        await rows.email(conn, f"p{number}@example.com")
    await rows.dead_email(conn)
    assert (await caller.post(f"{EMAILS}/requeue"))["takes_seconds"] == 31


async def test_a_confirmed_discard_gives_up_what_the_filter_means(conn: Connection, caller: Caller) -> None:
    for _ in range(2):
        await rows.dead_email(conn)
    await rows.dead_email(conn, error="HTTP 404")
    answer = await caller.post(f"{EMAILS}/discard", {"error": "HTTP 400", "confirm": True})
    assert answer == {"discarded": 2}
    assert await rows.counts(conn) == {"discarded": 2, "dead_letter": 1}
    assert len((await caller.get("/audit"))["acts"]) == 2


async def test_confirming_what_means_nothing_does_nothing(caller: Caller) -> None:
    assert (await caller.post(f"{EMAILS}/requeue", {"confirm": True}))["letters"] == 0


async def test_our_own_handlers_know_no_limits_and_their_rows_name_who_sent_them(
    conn: Connection, caller: Caller
) -> None:
    await rows.die(conn, await rows.webhook(conn))
    preview = await caller.post("/queues/webhooks/requeue")
    assert (preview["takes_seconds"], preview["examples"][0]["recipient"]) == (0, "stripe")


async def test_a_preview_reckons_with_a_backlog_however_long_it_is(conn: Connection, caller: Caller) -> None:
    await conn.execute(
        "insert into email_queue (to_email, subject, text) select 'p@example.com', 's', 't' "
        "from generate_series(1, 10001)"
    )
    await rows.dead_email(conn)
    assert (await caller.post(f"{EMAILS}/requeue", {}))["takes_seconds"] > 1000
