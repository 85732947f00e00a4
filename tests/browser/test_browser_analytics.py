"""Analytics in a real browser: one view broken, the database gone and back, a phone, the keyboard alone."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests import nightshift
from tests.browser.conftest import sign_in
from tests.browser.looking import HEAVIEST, overflow, violations, weight
from tests.browser.outage import Way
from tests.browser.serving import Served
from tests.nightshift import Connection

TODAY = datetime.now(UTC).date()
PLACE = "/console/analytics"


@pytest.fixture
async def studied(conn: Connection) -> None:
    """Weeks of quizzes, tracks and streaks, and views that know them."""
    user = await nightshift.user(conn)
    await conn.execute("insert into tracks (title) select 'Track ' || n from generate_series(1, 5) n")
    await conn.execute(
        "insert into user_study_log (user_id, track_id, study_date, is_completed)"
        " select %s, id, %s::date - n, n %% 3 > 0 from tracks, generate_series(0, 30) n",
        [user, TODAY],
    )
    await conn.execute(
        "insert into learning_path (user_id, node_index, node_type, unlock_date, completed_at)"
        " select %s, n, (array['quiz', 'review', 'learning'])[n %% 3 + 1], %s::date - n,"
        " case when n %% 2 = 0 then now() end from generate_series(1, 60) n",
        [user, TODAY],
    )
    await conn.execute("select analytics.refresh_all_views()")


@pytest.fixture
async def analytics(page: Page, served: Served, studied: None) -> Page:
    await sign_in(page, served, place=PLACE)
    return page


async def test_seven_panels_show_what_the_views_say(analytics: Page) -> None:
    await expect(analytics.locator("[data-panel]")).to_have_count(7)
    await expect(analytics.locator("[data-failed]")).to_have_count(0)
    await expect(analytics.locator("#popular_tracks")).to_contain_text("Track 1")
    await expect(analytics.locator("#quiz_completion_rates svg")).to_be_visible()


async def test_one_broken_panel_is_tried_again_by_its_button_and_comes_back(
    analytics: Page, conn: Connection, served: Served
) -> None:
    await conn.execute("alter materialized view analytics.popular_tracks rename to away")
    served.resources.last_good.kept.clear()
    await served.resources.last_good._client().flushdb()
    await analytics.reload()
    broken = analytics.locator("#popular_tracks")
    await expect(broken).to_contain_text("Not available. The view cannot be read (SQLSTATE 42P01).")
    await expect(analytics.locator("[data-failed]")).to_have_count(1)
    await conn.execute("alter materialized view analytics.away rename to popular_tracks")
    await broken.get_by_role("link", name="Try again").click()
    await expect(broken).to_contain_text("Track 1")
    await expect(analytics.locator("[data-failed]")).to_have_count(0)


async def test_a_broken_panel_comes_back_by_itself(page: Page, conn: Connection, served: Served, studied: None) -> None:
    await conn.execute("alter materialized view analytics.popular_tracks rename to away")
    await page.clock.install()
    await sign_in(page, served, place=PLACE)
    await expect(page.locator("#popular_tracks")).to_contain_text("Not available")
    await conn.execute("alter materialized view analytics.away rename to popular_tracks")
    await page.clock.run_for(5000)
    await expect(page.locator("#popular_tracks")).to_contain_text("Track 1")


async def test_while_the_database_is_away_the_page_shows_what_it_knew(
    page: Page, served_by_way: Served, database_way: Way, studied: None
) -> None:
    await sign_in(page, served_by_way, place=PLACE)
    await expect(page.locator("#popular_tracks")).to_contain_text("Track 1")
    database_way.cut()
    await page.reload()
    await expect(page.locator("#live")).to_contain_text("The database does not answer.")
    await expect(page.locator("#popular_tracks")).to_contain_text("Not fresh.")
    await expect(page.locator("#popular_tracks")).to_contain_text("Track 1")
    database_way.mend()
    await page.locator("#popular_tracks").get_by_role("link", name="Try again").click()
    await expect(page.locator("#popular_tracks")).not_to_contain_text("Not fresh.")


async def test_a_range_of_days_is_chosen_with_the_keyboard_alone(analytics: Page) -> None:
    await analytics.get_by_label("From").focus()
    await analytics.get_by_label("From").fill(str(TODAY + timedelta(days=1)))
    await analytics.keyboard.press("Enter")
    await analytics.wait_for_url("**since=**")
    await expect(analytics.locator("#active_learning_days")).to_contain_text("There is nothing in it.")
    await expect(analytics.locator("#popular_tracks")).to_contain_text("a range means nothing here")


async def test_a_refresh_shows_how_far_it_is_and_brings_the_panels_up_to_date(
    analytics: Page, conn: Connection
) -> None:
    await conn.execute("insert into tracks (title) values ('A new track')")
    await analytics.get_by_role("button", name="Refresh the views now").click()
    await expect(analytics.locator("#live")).to_contain_text("The refresh has ended: success.", timeout=20_000)
    await expect(analytics.locator("#popular_tracks")).to_contain_text("A new track", timeout=20_000)


async def test_a_table_is_downloaded(analytics: Page) -> None:
    async with analytics.expect_download() as waiting:
        await analytics.locator("#popular_tracks").get_by_role("link", name="Table (CSV)").click()
    got = await waiting.value
    assert got.suggested_filename == "popular_tracks.csv"
    assert (await got.path()).read_text().count("Track") == 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(analytics: Page, scheme: str) -> None:
    await analytics.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for details in await analytics.locator("summary").all():
        await details.click()
    assert await violations(analytics) == []


async def test_it_fits_a_phone_and_its_line(analytics: Page, served: Served) -> None:
    assert await overflow(analytics) <= 0
    assert await weight(analytics, f"{served.url}{PLACE}") < HEAVIEST
