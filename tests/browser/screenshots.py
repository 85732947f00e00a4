"""Pictures of the pages for the README: `make screenshots` writes docs/screenshots, light and dark, large and small."""

import asyncio
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import oxipng
import psycopg
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.conftest import ARGUMENTS, sign_in
from tests.browser.playing import opened
from tests.browser.serving import Served, serving
from tests.lambda_runtime import ROOT
from tests.services import TEMPLATE, Keeper, Services, services
from tests.system import require

Scheme = Literal["light", "dark"]
FOLDER = ROOT / "docs" / "screenshots"
PLAYERS, NIGHT = ROOT / "infra/local/sample.sql", Path(__file__).with_suffix(".sql")
SHOTS = {
    "overview": "/console",
    "task": "/console/tasks/generate-summaries",
    "queue": "/console/queues/email_queue",
    "dead-letters": "/console/queues/email_queue/dead-letters",
    "runs": "/console/runs",
    "webhooks": "/console/webhooks",
    "analytics": "/console/analytics",
}
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SIZES = {"desktop": (1280, 800), "phone": (375, 760)}
SLOWEST = 10_000  # milliseconds for a page to be there


async def main(running: Services) -> None:
    """Take every picture."""
    url = made(running)
    async with serving(url, running.redis_url(0), environment_name="demo") as served, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=require("chromium"), args=ARGUMENTS)
        for scheme in SCHEMES:
            for size in SIZES:
                await take(browser, served, scheme, size)
        await browser.close()


def made(running: Services) -> str:
    """A database with a night in it."""
    name = f"shots_{uuid4().hex[:8]}"
    with psycopg.connect(running.database_url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    with psycopg.connect(running.database_url(name), autocommit=True) as connection:
        connection.execute(PLAYERS.read_bytes())
        connection.execute(NIGHT.read_bytes())
    return running.database_url(name)


async def take(browser: Browser, served: Served, scheme: Scheme, size: str) -> None:
    """All pages in one look."""
    width, height = SIZES[size]
    context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    page = await context.new_page()
    await sign_in(page, served)
    for name, place in SHOTS.items():
        await page.goto(served.url + place, timeout=SLOWEST)
        await keep(page, f"console-{name}-{scheme}-{size}")
    await opened(page, served, await player(served))
    await keep(page, f"portal-{scheme}-{size}")
    await context.close()


async def player(served: Served) -> UUID:
    """The sample player whom the README names."""
    row = await served.resources.db.row(b"select id from users where username = 'mira'")
    return UUID(str((row or {})["id"]))


async def keep(page: Page, name: str) -> None:
    picture = await page.screenshot(scale="css", animations="disabled")
    (FOLDER / f"{name}.png").write_bytes(oxipng.optimize_from_memory(picture, level=4))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    keeper = Keeper()
    try:
        asyncio.run(main(services()))
    finally:
        keeper.stop()
