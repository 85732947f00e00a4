"""The portal's own answers: the page without anybody's data, and what a player sees of themselves."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import psycopg
import pytest

from functions.portal.main import MODULES, app
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift
from tests.nightshift import Connection, content
from tests.players import SECRET


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = Resources(nightshift.settings(database_url, jwt_secret=SECRET))
    yield made
    await made.close()


async def get(resources: Resources, path: str, user: UUID | None = None, query: Mapping[str, str] = {}) -> Response:
    headers = {}
    if user is not None:
        claims = {"sub": str(user), "aud": "authenticated", "exp": datetime.now(UTC) + timedelta(minutes=5)}
        headers["authorization"] = f"Bearer {jwt.encode(claims, SECRET)}"
    return await app(Request("GET", path, headers, query), resources)


async def player(conn: Connection, name: str = "Mira", timezone: str = "UTC") -> UUID:
    cursor = await conn.execute(
        "insert into users (display_name, email, phone, telegram_id, timezone, relationship_score, chapter) "
        "values (%s, 'mira@example.com', '+41 44 000 00 00', 700000001, %s, 62.5, 2) returning id",
        [name, timezone],
    )
    user = UUID(str((await cursor.fetchone() or {})["id"]))
    await conn.execute("insert into user_metrics (user_id, trust) values (%s, 71.25)", [user])
    return user


async def scored(conn: Connection, user: UUID, *events: tuple[str, float]) -> None:
    """Scores at moments, such as `("2 days", 50)` ago, or at a time."""
    for ago, score in events:
        await conn.execute(
            "insert into score_history (user_id, score, chapter, event_type, recorded_at) "
            "values (%s, %s, 1, 'conversation', date_trunc('day', now()) - %s::interval)",
            [user, score, ago],
        )


async def recapped(conn: Connection, user: UUID, *days: str) -> None:
    for day in days:
        await conn.execute(
            "insert into daily_summaries (user_id, summary_date, score_start, score_end, recap, written_by) "
            "values (%s, %s, 50, 52.5, %s, 'template')",
            [user, day, f"What happened on {day}."],
        )


async def test_the_page_asks_nobody_who_they_are_and_holds_nobodys_data(resources: Resources) -> None:
    response = await get(resources, "/portal")
    text = response.body.decode()
    assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "unsafe" not in response.headers["content-security-policy"]
    assert all(f"/portal/assets/{name}" in text for name in MODULES)


async def test_every_address_on_the_page_is_answered(resources: Resources) -> None:
    for name in [*MODULES, "portal.css", "base.css", "moon.svg"]:
        assert (await get(resources, f"/portal/assets/{name}")).status == 200


async def test_a_player_sees_their_profile_without_an_address_or_a_number(
    conn: Connection, resources: Resources
) -> None:
    user = await player(conn)
    seen = content(await get(resources, "/portal/me", user))
    assert (seen["id"], seen["display_name"], seen["relationship_score"], seen["trust"]) == (
        str(user),
        "Mira",
        62.5,
        71.25,
    )
    assert not {"email", "phone", "telegram_id"} & seen.keys()


async def test_a_player_without_metrics_has_a_profile_too(conn: Connection, resources: Resources) -> None:
    seen = content(await get(resources, "/portal/me", await nightshift.user(conn)))
    assert (seen["trust"], seen["chapter"]) == (None, 1)


async def test_a_player_who_is_gone_is_told(resources: Resources) -> None:
    assert (await get(resources, "/portal/me", uuid4())).status == 404


@pytest.mark.parametrize("path", ["/portal/me", "/portal/scores", "/portal/recaps"])
async def test_what_is_a_players_own_wants_their_token(resources: Resources, path: str) -> None:
    assert (await get(resources, path)).status == 401


async def test_a_day_has_the_last_of_its_scores_and_its_extremes(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await scored(conn, user, ("2 days", 50), ("1 day 23 hours", 40), ("1 day 22 hours", 45.5), ("0 hours", 60))
    days = content(await get(resources, "/portal/scores", user))["days"]
    assert [(day["score"], day["lowest"], day["highest"], day["changes"]) for day in days] == [
        (45.5, 40, 50, 3),
        (60, 60, 60, 1),
    ]


async def test_a_day_is_one_of_the_players_own_time_zone(conn: Connection, resources: Resources) -> None:
    user = await player(conn, timezone="Asia/Tokyo")
    await scored(conn, user, ("2 days", 50), ("1 day 10 hours", 55))  # 00:00 and 14:00 UTC: 09:00 and 23:00 in Tokyo
    await scored(conn, user, ("1 day 8 hours", 60))  # 16:00 UTC: the next day at 01:00 in Tokyo
    days = content(await get(resources, "/portal/scores", user))["days"]
    assert [day["score"] for day in days] == [55, 60]


async def test_scores_go_back_as_far_as_is_asked(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await scored(conn, user, ("40 days", 50), ("3 days", 60))
    assert len(content(await get(resources, "/portal/scores", user))["days"]) == 1
    assert len(content(await get(resources, "/portal/scores", user, {"days": "50"}))["days"]) == 2


async def test_recaps_come_newest_first_page_by_page_each_once(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await recapped(conn, user, *(f"2026-01-{day:02}" for day in range(1, 6)))
    found: list[str] = []
    query = {"limit": "2"}
    while query.get("before") != "None":
        page = content(await get(resources, "/portal/recaps", user, query))
        found += [recap["day"] for recap in page["recaps"]]
        query = {"limit": "2", "before": str(page["next_before"])}
    assert found == [f"2026-01-0{day}" for day in range(5, 0, -1)]


async def test_a_last_page_that_is_full_has_none_after_it(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await recapped(conn, user, "2026-01-01", "2026-01-02")
    page = content(await get(resources, "/portal/recaps", user, {"limit": "2"}))
    assert (len(page["recaps"]), page["next_before"]) == (2, None)


async def test_nobody_sees_what_is_anothers(conn: Connection, resources: Resources) -> None:
    user = await player(conn)
    await recapped(conn, user, "2026-01-01")
    await scored(conn, user, ("1 day", 50))
    other = await nightshift.user(conn)
    assert content(await get(resources, "/portal/recaps", other)) == {"recaps": [], "next_before": None}
    assert content(await get(resources, "/portal/scores", other)) == {"days": []}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/portal/scores", {"days": "0"}),
        ("/portal/scores", {"days": "367"}),
        ("/portal/recaps", {"limit": "201"}),
        ("/portal/recaps", {"before": "yesterday"}),
        ("/portal/recaps", {"user": "somebody"}),
    ],
    ids=["no days", "too many days", "too many recaps", "no date", "another's"],
)
async def test_what_cannot_be_asked_is_named(resources: Resources, path: str, query: dict[str, Any]) -> None:
    response = await get(resources, path, uuid4(), query)
    assert (response.status, [fault["field"] for fault in content(response)["errors"]]) == (422, list(query))


async def test_a_page_of_recaps_is_a_range_of_the_index(conn: Connection) -> None:
    from functions.portal.mine import SQL  # noqa: PLC0415 - read as text

    await conn.execute("set enable_seqscan = off")
    values: dict[str, Any] = {"user": uuid4(), "before": "2026-01-01", "limit": 11}
    rows = await conn.execute(psycopg.sql.SQL("explain ") + psycopg.sql.SQL(SQL.recaps.decode()), values)
    plan = "\n".join(row["QUERY PLAN"] for row in await rows.fetchall())
    assert "Index Scan Backward" in plan
    assert "Sort" not in plan
