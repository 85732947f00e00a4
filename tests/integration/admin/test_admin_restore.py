"""A discard can be undone: what was dead is dead again, what was pending is pending again."""

from typing import Any

import pytest

from tests import nightshift
from tests.integration.admin import rows
from tests.integration.admin.conftest import Caller
from tests.nightshift import Connection

EMAILS = "/queues/email_queue"


async def test_a_dead_letter_that_was_discarded_is_one_again(conn: Connection, caller: Caller) -> None:
    email = await rows.dead_email(conn)
    await caller.post(f"{EMAILS}/rows/{email}/discard")
    assert await caller.post(f"{EMAILS}/rows/{email}/restore") == {"id": str(email), "status": "dead_letter"}
    row = await nightshift.row(conn, "email_queue", email)
    assert ([entry["fate"] for entry in row["history"]], row["last_error"]) == (
        ["dead", "discarded", "restored"],
        "HTTP 400",
    )
    assert (await caller.get("/audit"))["acts"][0]["action"] == "restore"


@pytest.mark.parametrize("queue", ["email_queue", "pending_responses"])
async def test_a_pending_row_that_was_discarded_goes_out_after_all(
    conn: Connection, caller: Caller, queue: str
) -> None:
    row = await (rows.email(conn) if queue == "email_queue" else nightshift.reply(conn, 7))
    await caller.post(f"/queues/{queue}/rows/{row}/discard")
    await caller.post(f"/queues/{queue}/rows/{row}/restore")
    stored = await nightshift.row(conn, queue, row)
    assert (stored["status"], stored["finished_at"]) == ("pending", None)


async def test_what_is_not_discarded_cannot_be_restored(conn: Connection, caller: Caller) -> None:
    email = await rows.dead_email(conn)
    response = await caller.call("POST", f"{EMAILS}/rows/{email}/restore")
    assert (response.status, nightshift.content(response)["row_status"]) == (409, "dead_letter")


async def test_discards_are_undone_by_filter_after_a_look_at_the_preview(conn: Connection, caller: Caller) -> None:
    for error in ("HTTP 400", "HTTP 400", "HTTP 404"):
        await rows.dead_email(conn, error=error)
    await caller.post(f"{EMAILS}/discard", {"confirm": True})
    preview = await caller.post(f"{EMAILS}/restore", {"error": "HTTP 400"})
    assert (preview["letters"], await rows.counts(conn)) == (2, {"discarded": 3})
    done = await caller.post(f"{EMAILS}/restore", {"error": "HTTP 400", "confirm": True})
    assert (done, await rows.counts(conn)) == ({"restored": 2}, {"dead_letter": 2, "discarded": 1})


@pytest.mark.parametrize(("act", "left"), [("requeue", 1), ("discard", 1)])
async def test_an_act_by_ids_means_these_and_no_others(conn: Connection, caller: Caller, act: str, left: int) -> None:
    chosen = [await rows.dead_email(conn) for _ in range(3)][:2]
    document: dict[str, Any] = {"ids": [str(email) for email in chosen]}
    assert (await caller.post(f"{EMAILS}/{act}", document))["letters"] == 2
    await caller.post(f"{EMAILS}/{act}", document | {"confirm": True})
    statuses = await rows.counts(conn)
    assert statuses.get("dead_letter", 0) == (left if act == "discard" else 2)


async def test_an_act_by_fingerprint_means_the_rows_of_that_error(conn: Connection, caller: Caller) -> None:
    await rows.dead_email(conn, error="550 unknown: ann@example.com")
    await rows.dead_email(conn, error="550 unknown: bob@example.com")
    await rows.dead_email(conn, error="552 too big")
    [group, _] = (await caller.get(f"{EMAILS}/dead-letters"))["groups"]
    assert (await caller.post(f"{EMAILS}/requeue", {"fingerprint": group["fingerprint"]}))["letters"] == 2


async def test_a_discarded_row_is_kept_from_its_discard_on(conn: Connection, caller: Caller) -> None:
    email = await rows.dead_email(conn, ago="40 days")
    await caller.post(f"{EMAILS}/rows/{email}/discard")
    await nightshift.post(caller.tasks.apps["cleanup-stale"], caller.resources)
    assert (await nightshift.row(conn, "email_queue", email))["status"] == "discarded"
