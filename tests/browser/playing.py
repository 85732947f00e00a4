"""Players at the portal, in their browsers."""

from uuid import UUID

from playwright.async_api import Browser, Page, expect

from tests import players
from tests.browser.serving import Served
from tests.nightshift import Connection

SECTIONS = ("Score", "Recaps", "Inbox", "Shop", "Partners", "Devices")


def token(user: UUID) -> str:
    return players.bearer(user)["authorization"].removeprefix("Bearer ")


async def opened(page: Page, served: Served, user: UUID) -> Page:
    """The portal, signed in, every section filled."""
    await page.goto(f"{served.url}/portal#token={token(user)}")
    await shown(page)
    return page


async def shown(page: Page) -> None:
    """Until no section is loading."""
    await expect(page.get_by_role("region", name="Devices")).to_be_visible()
    await expect(page.locator("[aria-busy]")).to_have_count(0)


async def another(browser: Browser, served: Served, user: UUID) -> Page:
    """The portal in a browser of another player's."""
    return await opened(await (await browser.new_context()).new_page(), served, user)


async def value(conn: Connection, statement: str, *values: object) -> object:
    """The first column of the first row."""
    row = await (await conn.execute(statement, values)).fetchone()
    return next(iter((row or {}).values()), None)
