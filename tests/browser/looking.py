"""What every page has to be: free of what axe finds, no wider than a phone, no heavier than 150 KB."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Response

HEAVIEST = 150_000  # bytes of a page with all that it loads
PHONE = 375  # CSS pixels


async def violations(page: Page) -> list[str]:
    """What axe finds, by rule and element."""
    found = (await Axe().run(page)).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


async def overflow(page: Page) -> int:
    """How many pixels a page is wider than a phone."""
    await page.set_viewport_size({"width": PHONE, "height": 800})
    return int(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


async def weight(page: Page, url: str) -> int:
    """Bytes of a page and of all that it loads, as a browser that has been nowhere loads it."""
    seen: list[Response] = []

    def note(response: Response) -> None:
        seen.append(response)

    page.on("response", note)
    await page.goto(url, wait_until="networkidle")
    page.remove_listener("response", note)
    return sum([len(await one.body()) for one in seen if one.status == 200])
