"""The page of analytics: panels that fail by themselves, how fresh they are, tables to download (spec, section 8)."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import analytics
from shared.web import Response
from tests import nightshift
from tests.integration.console.operating import Operator, text, words
from tests.nightshift import Connection

TODAY = datetime.now(UTC).date()


@pytest.fixture
async def studied(conn: Connection) -> None:
    """A track with a hostile title that somebody has completed, a quiz too, and views that know it."""
    user = await nightshift.user(conn)
    await conn.execute("insert into tracks (title) values ('<script>alert(1)</script>')")
    await conn.execute(
        "insert into user_study_log (user_id, track_id, study_date, is_completed) select %s, id, %s, true from tracks",
        [user, TODAY],
    )
    await conn.execute(
        "insert into learning_path (user_id, node_index, node_type, unlock_date, completed_at)"
        " values (%s, 1, 'quiz', %s, now())",
        [user, TODAY - timedelta(days=7)],
    )
    await conn.execute("select analytics.refresh_all_views()")


async def one(operator: Operator, view: str, query: str = "") -> Response:
    return await operator.get(f"/console/analytics/{view}{query}", **{"x-fragment": "panel"})


async def test_the_page_has_a_panel_of_each_view(operator: Operator, studied: None) -> None:
    page = words(await operator.get("/console/analytics"))
    assert all(view.title in page for view in analytics.VIEWS.values())
    assert "Not available" not in page
    assert "Not fresh" not in page


async def test_a_title_stays_text(operator: Operator, studied: None) -> None:
    page = text(await operator.get("/console/analytics"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


async def test_a_broken_panel_says_so_and_leaves_the_others_alone(
    operator: Operator, conn: Connection, studied: None
) -> None:
    await conn.execute("drop materialized view analytics.quiz_completion_rates cascade")
    page = words(await operator.get("/console/analytics"))
    assert page.count("Not available") == 1
    assert "The view cannot be read (SQLSTATE 42P01)." in page
    broken, well = await one(operator, "quiz_completion_rates"), await one(operator, "popular_tracks")
    assert (broken.status, well.status) == (503, 200)


async def test_a_panel_that_was_read_before_shows_that_and_why(
    operator: Operator, conn: Connection, studied: None
) -> None:
    await one(operator, "popular_tracks")
    await conn.execute("drop materialized view analytics.popular_tracks cascade")
    panel = await one(operator, "popular_tracks")
    assert panel.status == 200
    assert "Not fresh. The view cannot be read (SQLSTATE 42P01)." in words(panel)
    assert "alert(1)" in words(panel)


async def test_whoever_has_a_panel_is_not_sent_it_again(operator: Operator, studied: None) -> None:
    tag = (await one(operator, "quiz_completion_rates")).headers["etag"]
    again = await operator.get(
        "/console/analytics/quiz_completion_rates", **{"x-fragment": "panel", "if-none-match": tag}
    )
    assert (again.status, again.body) == (304, b"")


async def test_a_range_of_days_is_kept_by_panels_and_tables(operator: Operator, studied: None) -> None:
    tomorrow = TODAY + timedelta(days=1)
    page = text(await operator.get(f"/console/analytics?since={tomorrow}&until="))
    assert f'data-panel="/console/analytics/summary_stats?since={tomorrow}"' in page
    table = await operator.get(f"/console/analytics/active_learning_days/table?since={tomorrow}")
    assert (table.headers["content-type"], table.body) == ("text/csv; charset=utf-8", b"\r\n")


async def test_a_table_is_a_file(operator: Operator, studied: None) -> None:
    table = await operator.get("/console/analytics/quiz_completion_rates/table")
    assert table.headers["content-disposition"] == 'attachment; filename="quiz_completion_rates.csv"'
    assert text(table).startswith("week_start,users,unlocked,completed,completion_rate,avg_hours_to_complete\r\n")


@pytest.mark.parametrize(
    ("place", "status"),
    [("/console/analytics?since=yesterday", 422), ("/console/analytics/pg_user", 404)],
    ids=["date", "view"],
)
async def test_what_there_is_not_is_told_of_by_a_page(operator: Operator, place: str, status: int) -> None:
    answer = await operator.get(place)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


async def test_how_fresh_each_view_is_is_shown(operator: Operator, conn: Connection, studied: None) -> None:
    await conn.execute(
        "update nightshift.analytics_refreshes set started_at = now() - interval '40 minutes 30 seconds'"
        " where view_name = 'popular_tracks'"
    )
    page = words(await operator.get("/console/analytics"))
    assert "Renewed 40 min ago" in page
    assert "popular_tracks 40 min ago" in page
    assert page.count("As of now") == len(analytics.VIEWS) - 1
    assert "As of 40 min ago" in words(await one(operator, "popular_tracks"))


async def test_a_view_whose_refresh_failed_says_so(operator: Operator, conn: Connection, studied: None) -> None:
    await conn.execute(
        "insert into nightshift.analytics_refreshes overriding user value"
        " values (0, 'popular_tracks', now(), '1 s', null, '57014')"
    )
    page = words(await operator.get("/console/analytics"))
    assert "failed: 57014" in page
    assert "The last refresh of this view failed (SQLSTATE 57014)." in page
