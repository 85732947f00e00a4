from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.modules.modules import KIT, NOW, Modules


@pytest.fixture
def modules(chromium: Browser) -> Iterator[Modules]:
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install(time=NOW - 1)
    page.clock.pause_at(NOW)
    page.add_init_script(path=KIT)
    yield Modules(page).open()
    context.close()
