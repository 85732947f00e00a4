"""The queues in a real browser: from a failing row to its delivery, by eye, by ear, by keyboard."""

from collections.abc import AsyncIterator
from typing import Literal, get_args

import pytest
from playwright.async_api import Browser, Page, expect

from infra.local.twins.telegram import TOKEN
from tests.browser.conftest import sign_in
from tests.browser.looking import HEAVIEST, overflow, violations, weight
from tests.browser.serving import Served, serving
from tests.integration.admin import rows
from tests.integration.deliver.conftest import Telegram
from tests.nightshift import Connection

Scheme = Literal["light", "dark"]
HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
QUEUE = "/console/queues/pending_responses"
PAGES = (
    "/console/queues",
    QUEUE,
    f"{QUEUE}?period=24h",
    f"{QUEUE}/rows",
    f"{QUEUE}/rows/{{row}}",
    f"{QUEUE}/dead-letters",
    f"{QUEUE}/dead-letters/preview?act=requeue",
    f"{QUEUE}/dead-letters/preview?act=discard",
    f"{QUEUE}/waves/{{wave}}",
)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as made:
        yield made


@pytest.fixture
async def ids(conn: Connection) -> dict[str, str]:
    """A queue with a past, dead letters that are hostile, and a requeue under way."""
    await conn.execute(
        "insert into queue_samples (queue, at, live, due, oldest_due_seconds, dead, done, died) "
        "select 'pending_responses', now() - n * interval '1 minute', 9, n, n, 3, 60, 1 from generate_series(1, 60) n"
    )
    letters = [await rows.dead_reply(conn, 7000 + number, HOSTILE) for number in range(3)]
    await conn.execute("update pending_responses set response_text = %s, waits_for = %s", [HOSTILE, HOSTILE])
    cursor = await conn.execute(
        "select nightshift.begin_wave('pending_responses', %s, %s, '{}') as id", [letters[1:], HOSTILE]
    )
    return {"row": str(letters[0]), "wave": str((await cursor.fetchone() or {})["id"])}


async def test_a_failing_row_is_followed_from_the_overview_to_its_delivery(
    page: Page, conn: Connection, database_url: str, redis_url: str, telegram: Telegram
) -> None:
    reply = await rows.dead_reply(conn, 7, "HTTP 400: chat was asleep")
    twin = {"telegram_api_base": telegram.url, "telegram_bot_token": TOKEN}
    async with serving(database_url, redis_url, **twin) as served:
        await sign_in(page, served)
        await page.get_by_role("link", name="pending_responses has dead letters: 1.").click()
        await page.get_by_role("link", name="an example").click()
        await expect(page.get_by_text("dead: HTTP 400: chat was asleep")).to_be_visible()
        await page.get_by_role("link", name="pending_responses").click()
        await page.get_by_role("link", name="Dead letters", exact=True).click()
        await page.get_by_role("link", name="requeue HTTP 400: chat was asleep").click()
        await page.get_by_role("button", name="Send them again").click()
        await expect(page.get_by_text("The requeue has begun")).to_be_visible()
        await page.evaluate("window.same = true")
        other = await page.context.new_page()
        await other.goto(f"{served.url}/console/tasks/deliver-responses")
        await other.get_by_role("button", name="Run now").click()
        await expect(other.get_by_text("success", exact=True)).to_be_visible(timeout=15_000)
        await expect(page.get_by_text("Went out: 1 of 1")).to_be_visible(timeout=15_000)
        await expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=15_000)
        assert await page.evaluate("window.same")
        await page.goto(f"{served.url}{QUEUE}/rows/{reply}")
        await expect(page.get_by_text("delivered at").first).to_be_visible()
    assert [record["text"] for record in telegram.journal.all()] == ["hello"]


@pytest.mark.parametrize("scheme", get_args(Scheme))
async def test_axe_finds_nothing_on_any_page_of_a_queue_and_none_is_wider_than_a_phone(
    console: Page, served: Served, ids: dict[str, str], scheme: Scheme
) -> None:
    await console.emulate_media(color_scheme=scheme)
    for place in PAGES:
        await console.goto(served.url + place.format(**ids))
        for closed in await console.locator("summary").all():
            await closed.click()
        assert (place, await violations(console)) == (place, [])
        assert (place, await overflow(console)) == (place, 0)
        await console.set_viewport_size({"width": 1280, "height": 720})


async def test_what_a_row_says_is_hostile_and_stays_text(console: Page, served: Served, ids: dict[str, str]) -> None:
    for place in PAGES:
        await console.goto(served.url + place.format(**ids))
        assert await console.title() != "taken"
        assert await console.locator("img[src=x]").count() == 0
    await console.goto(f"{served.url}{QUEUE}/rows/{ids['row']}")
    await console.get_by_role("button", name="Show all of it").click()
    await expect(console.get_by_text("That you looked is recorded.")).to_be_visible()
    await expect(console.get_by_text("document.title='taken'").first).to_be_visible()
    assert await console.title() != "taken"


async def test_every_page_of_a_queue_weighs_less_than_150_kilobytes(
    browser: Browser, console: Page, served: Served, ids: dict[str, str], conn: Connection
) -> None:
    for number in range(60):
        await rows.dead_reply(conn, 8000 + number, f"HTTP {400 + number}: something went wrong that takes some words")
    kept = await console.context.storage_state()
    for place in PAGES:
        fresh = await browser.new_context(storage_state=kept)
        assert await weight(await fresh.new_page(), served.url + place.format(**ids)) < HEAVIEST, place
        await fresh.close()


async def test_with_the_keyboard_alone_a_row_is_found_given_up_and_taken_back(
    console: Page, served: Served, ids: dict[str, str]
) -> None:
    await console.goto(f"{served.url}{QUEUE}/rows?status=failed")
    await reach(console, f"row-{ids['row']}")
    await console.keyboard.press("Enter")
    await expect(console.get_by_role("heading", name="One row")).to_be_visible()
    await reach(console, "discard")
    await console.keyboard.press("Enter")
    await expect(console.get_by_text("The row is given up.")).to_be_visible()
    await reach(console, "restore")
    await console.keyboard.press("Enter")
    await expect(console.get_by_text("The discard is undone.")).to_be_visible()


async def test_a_queue_is_paused_and_goes_on_without_any_script(browser: Browser, served: Served) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, served, place=QUEUE)
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("The queue is paused")).to_be_visible()
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("The queue goes on.")).to_be_visible()
    await context.close()


async def reach(page: Page, identifier: str) -> None:
    """Press Tab until that element has the focus; a renewed page leaves the focus where it is."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == identifier:
            return
    pytest.fail(f"no Tab leads to {identifier}")
