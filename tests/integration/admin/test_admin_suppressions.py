"""Addresses that get no mail: seen masked, looked up, put on the list and taken off, every act recorded."""

from uuid import UUID

import pytest

from tests import nightshift
from tests.integration.admin.conftest import Caller
from tests.integration.admin.test_runs import pages
from tests.nightshift import Connection

LIST = "/suppressions"


async def acts(caller: Caller) -> list[tuple[str, str]]:
    return [(act["action"], act["subject"]) for act in (await caller.get("/audit"))["acts"]]


async def test_an_address_is_put_on_the_list_once_and_its_act_recorded_once(caller: Caller) -> None:
    first = await caller.post(LIST, {"address": "Ann@Example.com"})
    again = await caller.post(LIST, {"address": "ann@example.com"})
    assert (first["added"], again) == (True, {"id": first["id"], "added": False})
    assert await acts(caller) == [("suppress", f"email_suppressions/{first['id']}")]


async def test_nothing_shows_the_address_to_those_who_do_not_ask_for_it(caller: Caller) -> None:
    entry = (await caller.post(LIST, {"address": "ann@example.com"}))["id"]
    for path in (LIST, f"{LIST}/{entry}", "/audit"):
        assert b"ann@" not in (await caller.call("GET", path)).body
    assert b"ann@" not in (await caller.call("POST", f"{LIST}/look-up", {"address": "ann@example.com"})).body


async def test_who_asks_for_it_sees_the_address_and_that_is_recorded(caller: Caller) -> None:
    entry = (await caller.post(LIST, {"address": "ann@example.com"}))["id"]
    assert (await caller.get(f"{LIST}/{entry}", reveal=True))["address"] == "ann@example.com"
    [shown] = (await caller.get(LIST, reveal=True))["suppressions"]
    assert shown["address"] == "ann@example.com"
    assert (await acts(caller))[:2] == [("reveal", "email_suppressions"), ("reveal", f"email_suppressions/{entry}")]


async def test_an_address_is_looked_up_in_any_spelling(caller: Caller) -> None:
    await caller.post(LIST, {"address": "ann@bücher.example"})
    found = await caller.post(f"{LIST}/look-up", {"address": "ANN@xn--bcher-kva.example"})
    missing = await caller.post(f"{LIST}/look-up", {"address": "bob@example.com"})
    assert (found["suppressed"], found["entry"]["reason"]) == (True, "manual")
    assert missing == {"suppressed": False, "entry": None}


async def test_an_address_that_is_taken_off_the_list_gets_mail_again(conn: Connection, caller: Caller) -> None:
    entry = (await caller.post(LIST, {"address": "ann@example.com"}))["id"]
    removed = nightshift.content(await caller.call("DELETE", f"{LIST}/{entry}"))
    assert removed == {"id": entry, "removed": True}
    assert (await caller.post(f"{LIST}/look-up", {"address": "ann@example.com"}))["suppressed"] is False
    assert (await acts(caller))[0] == ("unsuppress", f"email_suppressions/{entry}")
    assert (await caller.call("DELETE", f"{LIST}/{entry}")).status == 404


async def test_a_bounce_stays_a_bounce_when_somebody_adds_it_by_hand(conn: Connection, caller: Caller) -> None:
    await conn.execute("select nightshift.suppress(array['ann@example.com'], 'bounce', 'ses', null, '{}')")
    assert (await caller.post(LIST, {"address": "ann@example.com"}))["added"] is False
    [entry] = (await caller.get(LIST, reason="bounce"))["suppressions"]
    assert entry["source"] == "ses"
    assert await acts(caller) == []


async def test_pages_of_the_list_follow_each_other_without_gap_or_repeat(conn: Connection, caller: Caller) -> None:
    statement = "insert into email_suppressions (address, reason, source) values (%s, 'manual', 'test') returning id"
    made: list[UUID] = []
    for number in range(5):
        row = await (await conn.execute(statement, [f"p{number}@example.com"])).fetchone()
        made.append((row or {})["id"])
    seen = await pages(caller, LIST, "suppressions", limit=2)
    assert [UUID(each) for page in seen for each in page] == list(reversed(made))


@pytest.mark.parametrize("text", ["", "ann", "a@b\n.com", "ann@example.com\x00", "x" * 400 + "@example.com"])
async def test_what_is_no_address_is_refused_without_being_repeated(caller: Caller, text: str) -> None:
    for path in (LIST, f"{LIST}/look-up"):
        response = await caller.call("POST", path, {"address": text})
        assert response.status == 422
        assert not text or text.encode() not in response.body
