"""What the views say, fresh or the last good answer (spec, section 8)."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from functions.analytics.main import app
from infra.local.program import free_port
from shared import analytics
from shared.resources import Resources
from shared.web import Request, Response
from tests import nightshift, players
from tests.nightshift import SERVICE_KEY, Connection, content

TODAY = datetime.now(UTC).date()
KEY = {"authorization": f"Bearer {SERVICE_KEY}"}


@pytest.fixture
async def resources(database_url: str) -> AsyncIterator[Resources]:
    made = players.resources(database_url)
    yield made
    await made.close()


@pytest.fixture
async def learner(conn: Connection) -> UUID:
    """Somebody who has studied a track on three days, and the views that know it."""
    user = await nightshift.user(conn)
    await study(conn, user, "Scales", range(3))
    await refresh(conn)
    return user


async def study(conn: Connection, user: UUID, title: str, days_ago: range) -> None:
    cursor = await conn.execute("insert into tracks (title) values (%s) returning id", [title])
    track = (await cursor.fetchone() or {})["id"]
    for days in days_ago:
        await conn.execute(
            "insert into user_study_log (user_id, track_id, study_date, is_completed) values (%s, %s, %s, true)",
            [user, track, TODAY - timedelta(days=days)],
        )


async def refresh(conn: Connection) -> None:
    await conn.execute("select analytics.refresh_all_views()")


async def ask(resources: Resources, path: str, known: str = "", **query: str) -> Response:
    return await app(Request("GET", path, {**KEY, "if-none-match": known}, query), resources)


async def test_a_view_says_what_is_in_it_and_of_when(resources: Resources, learner: UUID) -> None:
    said = content(await ask(resources, "/active_learning_days"))
    assert said["rows"] == [
        {
            "user_id": str(learner),
            "total_days": 3,
            "days_last_7": 3,
            "days_last_30": 3,
            "first_day": str(TODAY - timedelta(days=2)),
            "last_day": str(TODAY),
        }
    ]
    assert (said["view"], said["stale"], said["reason"], said["read_at"]) == ("active_learning_days", False, None, None)
    assert datetime.now(UTC) - datetime.fromisoformat(said["as_of"]) < timedelta(minutes=1)


@pytest.mark.parametrize("view", analytics.VIEWS)
async def test_every_view_answers(resources: Resources, learner: UUID, view: str) -> None:
    answer = await ask(resources, f"/{view}")
    assert (answer.status, content(answer)["stale"]) == (200, False)


async def test_all_views_are_listed_with_their_last_refresh(resources: Resources, learner: UUID) -> None:
    listed = content(await ask(resources, "/"))
    assert {each["view"] for each in listed["views"]} == set(analytics.VIEWS)
    assert all(each["refreshed_at"] and each["error"] is None for each in listed["views"])


async def test_a_view_that_there_is_not_is_told_of_by_naming_those_that_there_are(resources: Resources) -> None:
    answer = await ask(resources, "/pg_user")
    assert (answer.status, "summary_stats" in content(answer)["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ({}, 1),
        ({"since": str(TODAY)}, 1),
        ({"since": str(TODAY + timedelta(days=1))}, 0),
        ({"until": str(TODAY - timedelta(days=1))}, 0),
        ({"since": str(TODAY), "until": str(TODAY)}, 1),
    ],
    ids=["all", "from-today", "from-tomorrow", "until-yesterday", "today"],
)
async def test_a_range_of_days_narrows_it(
    resources: Resources, learner: UUID, span: dict[str, str], found: int
) -> None:
    assert len(content(await ask(resources, "/active_learning_days", **span))["rows"]) == found


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2026-02-30"},
        {"since": "2026-02-02", "until": "2026-02-01"},
        {"limit": "0"},
        {"limit": "1001"},
        {"format": "csv", "limit": "20001"},
        {"format": "xml"},
        {"order": "asc"},
    ],
    ids=str,
)
async def test_a_parameter_that_is_wrong_is_told_of(resources: Resources, query: dict[str, str]) -> None:
    assert (await ask(resources, "/summary_stats", **query)).status == 422


async def test_whoever_has_the_answer_is_not_sent_it_again(
    resources: Resources, conn: Connection, learner: UUID
) -> None:
    tag = (await ask(resources, "/popular_tracks")).headers["etag"]
    again = await ask(resources, "/popular_tracks", tag)
    assert (again.status, again.body) == (304, b"")
    await refresh(conn)
    assert (await ask(resources, "/popular_tracks", tag)).status == 200


async def test_as_a_table_no_cell_is_a_formula(resources: Resources, conn: Connection, learner: UUID) -> None:
    await study(conn, learner, '=cmd|" /C calc"!A0', range(1))
    await refresh(conn)
    answer = await ask(resources, "/popular_tracks", format="csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert answer.headers["content-disposition"] == 'attachment; filename="popular_tracks.csv"'
    assert [row["title"] for row in rows] == ["Scales", '\'=cmd|" /C calc"!A0']


async def test_a_slow_view_is_answered_by_its_last_good_answer(
    resources: Resources, database_url: str, learner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analytics, "PATIENCE", 0.2)
    good = content(await ask(resources, "/popular_tracks"))
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute(
            "refresh materialized view analytics.popular_tracks"
        )  # holds off every reader until it ends
        stale = content(await ask(resources, "/popular_tracks"))
    assert (stale["stale"], stale["rows"], stale["as_of"]) == (True, good["rows"], good["as_of"])
    assert "does not answer in time" in stale["reason"] or "57014" in stale["reason"]


async def test_one_broken_view_leaves_the_others_alone(resources: Resources, conn: Connection, learner: UUID) -> None:
    await ask(resources, "/streak_dropoffs")
    await conn.execute("drop materialized view analytics.streak_dropoffs cascade")
    broken = content(await ask(resources, "/streak_dropoffs"))
    assert (broken["stale"], broken["reason"]) == (True, "The view cannot be read (SQLSTATE 42P01).")
    assert content(await ask(resources, "/popular_tracks"))["stale"] is False


async def test_a_table_that_is_old_says_so_in_its_headers(
    resources: Resources, conn: Connection, learner: UUID
) -> None:
    fresh = await ask(resources, "/popular_tracks", format="csv")
    await conn.execute("drop materialized view analytics.popular_tracks cascade")
    old = await ask(resources, "/popular_tracks", format="csv")
    assert ("x-stale" in fresh.headers, old.headers["x-stale"]) == (False, "The view cannot be read (SQLSTATE 42P01).")
    assert (old.body, old.headers["x-as-of"]) == (fresh.body, fresh.headers["x-as-of"])


async def test_a_new_instance_without_a_database_answers_what_another_one_knew(
    database_url: str, redis_url: str, learner: UUID
) -> None:
    working = players.resources(database_url, redis_url=redis_url)
    good, listed = content(await ask(working, "/summary_stats")), content(await ask(working, "/"))
    gone = players.resources(f"postgresql://postgres@127.0.0.1:{free_port()}/x", redis_url=redis_url)
    stale, told = content(await ask(gone, "/summary_stats")), content(await ask(gone, "/"))
    await working.close()
    await gone.close()
    assert (stale["rows"], stale["stale"], stale["as_of"]) == (good["rows"], True, good["as_of"])
    assert stale["read_at"] is not None
    assert stale["reason"].startswith("The database ")
    assert (told["views"], told["stale"], told["read_at"] is None) == (listed["views"], True, False)


async def test_where_nothing_was_ever_known_the_answer_is_that_it_is_not_available(learner: UUID) -> None:
    gone = players.resources(f"postgresql://postgres@127.0.0.1:{free_port()}/x")
    assert (await ask(gone, "/summary_stats")).status == 503
    await gone.close()


@pytest.mark.parametrize(
    ("ledger", "why"),
    [
        ("update nightshift.analytics_refreshes set started_at = now() - interval '2 hours'", "two ticks"),
        ("delete from nightshift.analytics_refreshes", "never been refreshed"),
        pytest.param(
            "insert into nightshift.analytics_refreshes overriding user value"
            " values (0, 'popular_tracks', now(), '1 s', null, '57014')",
            "SQLSTATE 57014",
        ),
    ],
    ids=["late", "never", "failed"],
)
async def test_a_view_that_is_older_than_it_should_be_says_why(
    resources: Resources, conn: Connection, learner: UUID, ledger: Any, why: str
) -> None:
    await conn.execute(ledger)
    said = content(await ask(resources, "/popular_tracks"))
    assert (said["stale"], why in said["reason"]) == (True, True)


@pytest.mark.parametrize("path", ["/", "/summary_stats"])
async def test_players_may_not_look(resources: Resources, learner: UUID, path: str) -> None:
    assert (await app(Request("GET", path, players.bearer(learner)), resources)).status == 403
    assert (await app(Request("GET", path), resources)).status == 401
