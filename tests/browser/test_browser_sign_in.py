"""Signing in, in a real browser."""

from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.serving import Served
from tests.nightshift import SERVICE_KEY


async def test_an_operator_signs_in_and_out_again(page: Page, served: Served) -> None:
    await page.goto(f"{served.url}/console?shown=all")
    await page.get_by_label("Service key, or an admin's token").fill(SERVICE_KEY)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{served.url}/console?shown=all")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to Nightshift")).to_be_visible()
    await page.goto(f"{served.url}/console")
    await expect(page.get_by_role("heading", name="Sign in to Nightshift")).to_be_visible()


async def test_a_wrong_key_is_told_so_and_at_last_locked_out(page: Page, served: Served) -> None:
    await sign_in(page, served, "wrong")
    await expect(page.get_by_role("alert")).to_have_text("This key is not known.")
    for _ in range(10):
        await sign_in(page, served, "wrong")
    await expect(page.get_by_role("alert")).to_have_text("Too many wrong keys from this address.")


async def test_without_scripts_people_sign_in_and_out_all_the_same(served: Served, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, served)
    await expect(page.get_by_role("link", name="Refresh", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to Nightshift")).to_be_visible()
    await context.close()
