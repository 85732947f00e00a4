from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.modules.modules import KIT, NOW, Modules
from tests.system import require

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a file, which need nothing but a page each."""
    program = require("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def modules(chromium: Browser) -> Iterator[Modules]:
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install(time=NOW - 1)
    page.clock.pause_at(NOW)
    page.add_init_script(path=KIT)
    yield Modules(page).open()
    context.close()
