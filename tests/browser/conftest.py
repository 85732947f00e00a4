"""Real browsers before the real functions, over real HTTP."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from shared import auth
from tests.browser.outage import Way, way
from tests.browser.serving import Served, serving
from tests.nightshift import SERVICE_KEY
from tests.system import require

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
async def served(database_url: str, redis_url: str) -> AsyncIterator[Served]:
    """The functions on a database and a Redis of this test's own; nobody is locked out yet."""
    auth._locked.clear()
    async with serving(database_url, redis_url) as made:
        yield made


@pytest.fixture
async def database_way(database_url: str) -> AsyncIterator[Way]:
    """A way to this test's database that can be cut."""
    async with way(database_url) as made:
        yield made


@pytest.fixture
async def served_by_way(database_way: Way, redis_url: str) -> AsyncIterator[Served]:
    """The functions, their database behind that way."""
    auth._locked.clear()
    async with serving(database_way.url, redis_url) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, or a sentence that says which package brings it."""
    program = require("chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that has been nowhere yet; it fails the test when a page throws, or breaks its own policy."""
    made = await browser.new_context()
    faults: list[str] = []
    made.on("weberror", lambda error: faults.append(str(error.error)))
    made.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield made
    await made.close()
    assert faults == []


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
async def console(page: Page, served: Served) -> Page:
    """The console's first page, signed in."""
    await sign_in(page, served)
    return page


async def sign_in(page: Page, served: Served, key: str = SERVICE_KEY, place: str = "/console") -> None:
    """Sign in as somebody who types, and land at a place."""
    await page.goto(f"{served.url}/console/sign-in?next={place}")
    await page.get_by_label("Service key, or an admin's token").fill(key)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_load_state()
