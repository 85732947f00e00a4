"""The console in a real browser: what people see, hear and do."""

from typing import Literal, get_args

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.looking import HEAVIEST, overflow, violations, weight
from tests.browser.outage import Way
from tests.browser.serving import Served
from tests.nightshift import Connection

Scheme = Literal["light", "dark"]
HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
PAGES = (
    "/console",
    "/console/tasks/cleanup-stale",
    "/console/runs",
    "/console/runs/{run}",
    "/console/webhooks",
    "/console/webhooks/{event}",
    "/console/suppressions",
    "/console/audit",
)


@pytest.fixture
async def ids(conn: Connection) -> dict[str, str]:
    """Rows for every page, each with hostile texts in it."""
    return {
        "run": await one(
            conn,
            "insert into job_history (job_name, status, started_at, completed_at, error_message, metadata) values "
            "('cleanup-stale', 'failed', now() - interval '9 s', now(), %(x)s, jsonb_build_object(%(x)s::text, 1))",
        ),
        "event": await one(
            conn,
            "insert into webhook_events (provider, event_id, event_type, event_created, raw_body, status, error) "
            "values ('stripe', 'evt_1', %(x)s, now(), jsonb_build_object('id', %(x)s::text)::text, 'failed', %(x)s)",
        ),
        "entry": await one(
            conn,
            "insert into email_suppressions (address, reason, source) values ('anna@example.org', 'manual', 'ses')",
        ),
        "act": await one(
            conn, "insert into audit_log (actor, action, subject) values (%(x)s::text, %(x)s::text, %(x)s::text)"
        ),
    }


async def one(conn: Connection, statement: str) -> str:
    cursor = await conn.execute(f"{statement} returning id", {"x": HOSTILE})
    return str((await cursor.fetchone() or {})["id"])


async def test_a_task_is_started_and_seen_to_end_without_a_reload(console: Page, served: Served) -> None:
    served.gate.clear()
    await console.get_by_role("link", name="cleanup-stale").click()
    await console.get_by_role("button", name="Run now").click()
    await expect(console.get_by_text("is about to begin")).to_be_visible()
    await console.evaluate("window.same = true")
    served.gate.set()
    await expect(console.get_by_text("success", exact=True)).to_be_visible(timeout=15_000)
    await expect(console.get_by_role("status").last).to_have_text("The run is success.")
    assert await console.evaluate("window.same")


async def test_while_the_database_is_away_the_page_says_so_and_when_it_is_back_too(
    page: Page, served_by_way: Served, database_way: Way
) -> None:
    await sign_in(page, served_by_way, place="/console")
    await expect(page.get_by_role("heading", name="email_queue")).to_be_visible()
    database_way.cut()
    await expect(page.get_by_text("What is shown was true")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("heading", name="email_queue")).to_be_visible()
    database_way.mend()
    await expect(page.get_by_text("What is shown was true")).to_be_hidden(timeout=20_000)


async def test_no_act_can_be_chosen_while_the_database_is_away(
    page: Page, served_by_way: Served, database_way: Way
) -> None:
    await sign_in(page, served_by_way, place="/console/tasks/cleanup-stale")
    database_way.cut()
    await page.reload()
    await expect(page.get_by_role("button", name="Run now")).to_be_disabled()
    database_way.mend()
    await page.reload()
    await expect(page.get_by_role("button", name="Run now")).to_be_enabled()


async def test_whoever_is_signed_out_meanwhile_is_told_so(console: Page, served: Served) -> None:
    await console.context.clear_cookies()
    await expect(console.get_by_text("You are signed out. Load the page again.")).to_be_visible(timeout=15_000)


async def test_a_hidden_page_asks_nothing_until_it_is_seen_again(console: Page, served: Served) -> None:
    await console.clock.install()
    await console.goto(f"{served.url}/console", wait_until="networkidle")  # the icon comes late
    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url))
    await console.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => window.away ?? true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    await console.clock.run_for(60_000)
    assert asked == []
    async with console.expect_request("**/console"):
        await console.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.parametrize("scheme", get_args(Scheme))
async def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_phone(
    console: Page, served: Served, ids: dict[str, str], scheme: Scheme
) -> None:
    await console.emulate_media(color_scheme=scheme)
    for place in PAGES:
        await console.goto(served.url + place.format(**ids))
        assert (place, await violations(console)) == (place, [])
        assert (place, await overflow(console)) == (place, 0)
        await console.set_viewport_size({"width": 1280, "height": 720})


async def test_axe_finds_nothing_where_nobody_is_signed_in_or_something_is_wrong(console: Page, served: Served) -> None:
    await console.goto(f"{served.url}/console/runs?status=lost")
    assert await violations(console) == []
    await console.context.clear_cookies()
    await sign_in(console, served, "wrong")
    assert await violations(console) == []
    assert await overflow(console) == 0


async def test_what_is_hostile_stays_text(console: Page, served: Served, ids: dict[str, str]) -> None:
    for place in PAGES:
        await console.goto(served.url + place.format(**ids))
        assert await console.title() != "taken"
        assert await console.locator("img[src=x]").count() == 0
    await console.goto(f"{served.url}/console/webhooks/{ids['event']}")
    await console.get_by_role("button", name="Show it").click()
    await expect(console.get_by_text("document.title='taken'").first).to_be_visible()
    assert await console.title() != "taken"


async def test_every_page_weighs_less_than_150_kilobytes(
    browser: Browser, console: Page, served: Served, ids: dict[str, str], conn: Connection
) -> None:
    await conn.execute(
        "insert into job_history (job_name, status, started_at, completed_at) "
        "select 'cleanup-stale', 'success', now() - n * interval '1 minute', now() from generate_series(1, 200) n"
    )
    kept = await console.context.storage_state()
    for place in PAGES:
        fresh = await browser.new_context(storage_state=kept)
        assert await weight(await fresh.new_page(), served.url + place.format(**ids)) < HEAVIEST, place
        await fresh.close()


async def test_with_the_keyboard_alone_somebody_signs_in_starts_a_task_and_signs_out(
    page: Page, served: Served
) -> None:
    await page.goto(f"{served.url}/console/tasks/cleanup-stale")
    await expect(page.get_by_label("Service key, or an admin's token")).to_be_focused()
    await page.keyboard.type("test-key-of-thirty-two-characters")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="cleanup-stale")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await reach(page, "Run now")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Run of cleanup-stale")).to_be_visible(timeout=15_000)
    await reach(page, "Sign out")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Sign in to Nightshift")).to_be_visible()


async def reach(page: Page, button: str) -> None:
    """Press Tab until that button has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == button:
            return
    pytest.fail(f"no Tab leads to {button}")


async def test_the_focus_stays_where_it_was_when_the_page_renews_itself(
    console: Page, served: Served, conn: Connection, ids: dict[str, str]
) -> None:
    await console.goto(f"{served.url}/console/suppressions")
    button = console.get_by_role("button", name="Write to it again")
    await button.focus()
    await conn.execute(
        "insert into email_suppressions (address, reason, source) values ('ben@example.org', 'bounce', 'ses')"
    )
    await expect(console.get_by_text("bounce", exact=True).last).to_be_visible(timeout=15_000)
    held = await console.evaluate("document.activeElement.id")
    assert held == f"remove-{ids['entry']}"
