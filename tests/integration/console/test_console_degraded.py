"""While the database is slow or gone: what was known stays readable, and says how old it is."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from shared.resources import Resources
from tests import nightshift
from tests.integration.console.operating import Operator, text, words
from tests.integration.queue.waiting import until
from tests.nightshift import Connection
from tests.players import SECRET as TOKENS

BOTH_WAIT = """
select count(distinct query like %s) = 2 as so from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database()
"""
AWAY = "postgresql://postgres@127.0.0.1:1/none"


@pytest.fixture
async def shared_memory(database_url: str, redis_url: str) -> AsyncIterator[tuple[Resources, Resources]]:
    """Two instances with one Redis; the second has no database."""
    here = Resources(nightshift.settings(database_url, redis_url=redis_url, jwt_secret=TOKENS))
    there = Resources(nightshift.settings(AWAY, redis_url=redis_url, jwt_secret=TOKENS))
    yield here, there
    await here.close()
    await there.close()


async def lost(operator: Operator) -> None:
    """The database goes away."""
    await operator.resources.db.close()


async def test_a_page_shows_what_was_known_and_why_it_is_old(operator: Operator) -> None:
    before = await operator.get("/console")
    await lost(operator)
    after = await operator.get("/console")
    assert after.status == 200
    assert "The database does not answer. What is shown was true" in words(after)
    assert "The database does not answer." not in words(before)
    assert "pending_responses" in words(after)


async def test_a_live_part_says_so_too(operator: Operator) -> None:
    await operator.get("/console")
    await lost(operator)
    answer = await operator.get("/console", **{"x-fragment": "live"})
    assert 'data-say="The database does not answer. What is shown is old."' in text(answer)


async def test_without_anything_known_the_page_says_that_it_is_unavailable(operator: Operator) -> None:
    await lost(operator)
    answer = await operator.get("/console?other=1")
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.headers["retry-after"] == "5"
    assert "The database cannot be reached" in words(answer)


async def test_an_instance_that_starts_during_an_outage_knows_what_others_knew(
    shared_memory: tuple[Resources, Resources],
) -> None:
    here, there = shared_memory
    operator = Operator(here)
    await operator.sign_in()
    operator.resources = there
    answer = await operator.get("/console")
    assert answer.status == 200
    assert "The database does not answer. What is shown was true" in words(answer)


async def test_what_has_not_changed_is_not_sent_again(operator: Operator) -> None:
    place = "/console/audit"  # it tells no time that goes on
    first = await operator.get(place, **{"x-fragment": "live"})
    again = await operator.get(place, **{"x-fragment": "live", "if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert "<html" not in text(first)


@pytest.mark.parametrize(
    ("place", "tables", "one"),
    [
        ("/console/analytics", "nightshift.analytics_refreshes", "%analytics_views%"),
        ("/console", "job_history, queues", "%job_history%"),
    ],
    ids=["analytics", "overview"],
)
async def test_the_questions_of_a_page_wait_side_by_side(
    operator: Operator, conn: Connection, database_url: str, *, place: str, tables: str, one: str
) -> None:
    await operator.get(place)

    async def both_wait() -> bool:
        row = await (await conn.execute(BOTH_WAIT, [one])).fetchone()
        return row is not None and row["so"]

    async with await psycopg.AsyncConnection.connect(database_url) as holder:
        await holder.execute(f"lock table {tables}".encode())
        asked = asyncio.create_task(operator.get(place))
        await until(both_wait)
    assert (await asked).status == 200
