"""Pages of partners and of requests, and who sees them (spec, sections 9 and 10)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from functions.partners.main import app
from shared.resources import Resources
from tests import nightshift, players
from tests.integration.partners.couples import pair
from tests.integration.schema.identities import become
from tests.nightshift import Connection, content


async def pages(resources: Resources, user: UUID, path: str, noun: str, **query: str) -> list[list[dict[str, Any]]]:
    """All pages."""
    found, before = [], None
    while True:
        asked = query | ({"before": before} if before else {})
        page = content(await players.ask(app, resources, user, "GET", path, query=asked))
        found.append(page[noun])
        before = page["next_before"]
        if not before:
            return found


async def test_partners_come_with_their_names_whoever_asked(resources: Resources, conn: Connection) -> None:
    user, one, other = [await nightshift.user(conn) for _ in range(3)]
    await conn.execute("update users set display_name = 'Jonas', username = 'jonas' where id = %s", [one])
    first, second = await pair(conn, user, one), await pair(conn, other, user)
    await pair(conn, one, other)
    [page] = await pages(resources, user, "/", "partners")
    assert [(each["id"], each["user_id"], each["direction"]) for each in page] == [
        (str(second), str(other), "incoming"),
        (str(first), str(one), "outgoing"),
    ]
    assert (page[1]["display_name"], page[1]["username"]) == ("Jonas", "jonas")


async def test_pages_meet_at_requests_of_the_same_time(resources: Resources, conn: Connection) -> None:
    user = await nightshift.user(conn)
    made = []
    for turn in range(5):
        other = await nightshift.user(conn)
        made.append(str(await pair(conn, *((user, other) if turn % 2 else (other, user)))))
    await conn.execute("update partnerships set created_at = '2026-01-01Z'")
    found = await pages(resources, user, "/", "partners", limit="2")
    assert [len(page) for page in found] == [2, 2, 1]
    assert [each["id"] for page in found for each in page] == made[::-1]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [({}, [1, 0]), ({"direction": "incoming"}, [1]), ({"direction": "outgoing"}, [0])],
    ids=["both", "incoming", "outgoing"],
)
async def test_requests_that_wait_are_seen_by_both(
    resources: Resources, conn: Connection, query: dict[str, str], wanted: list[int]
) -> None:
    user, one, other = [await nightshift.user(conn) for _ in range(3)]
    made = [str(await pair(conn, user, one, "pending")), str(await pair(conn, other, user, "pending"))]
    await pair(conn, user, await nightshift.user(conn), "declined")
    [page] = await pages(resources, user, "/requests", "requests", **query)
    assert [each["id"] for each in page] == [made[turn] for turn in wanted]


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"before": "x"}, {"direction": "up"}, {"page": "2"}],
    ids=["no row", "too many", "no cursor", "no direction", "no parameter"],
)
async def test_a_query_that_is_none_is_refused(resources: Resources, conn: Connection, query: dict[str, str]) -> None:
    user = await nightshift.user(conn)
    assert (await players.ask(app, resources, user, "GET", "/requests", query=query)).status == 422


async def test_both_see_a_partnership_and_nobody_else(database_url: str, conn: Connection) -> None:
    """By row-level security too."""
    one, other, stranger = [await nightshift.user(conn) for _ in range(3)]
    await pair(conn, one, other)
    seen = []
    for user in (one, other, stranger):
        with psycopg.connect(database_url) as connection:
            become(connection, "authenticated", str(user))
            seen.append(len(connection.execute("select from partnerships").fetchall()))
    assert seen == [1, 1, 0]
