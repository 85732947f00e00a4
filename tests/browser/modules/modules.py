"""The portal's modules by themselves, in a real browser: calls are answered and time goes on when a test says so."""

from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page, Route

from functions.portal.main import site

KIT = Path(__file__).with_name("kit.js")
NOW = 1_767_225_600  # 2026-01-01T00:00:00Z, where time stands still until a test moves it
ORIGIN = "http://localhost"  # which a browser trusts as it trusts https
BLANK = "<!doctype html><html lang='en'><title>Modules</title><body></body>"


class Modules:
    """A page that has nothing but the modules."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.route("**/*", serve)

    def open(self) -> Self:
        """Load the page, anew where it was loaded before: what it kept in its storage stays."""
        self.page.goto(f"{ORIGIN}/")
        return self

    def run(self, script: str, given: Any = None) -> Any:
        """What the body of an asynchronous function returns; `given` is its argument."""
        return self.page.evaluate(f"async (given) => {{ {script} }}", given)

    def calls(self, count: int) -> list[dict[str, Any]]:
        """All calls, once there are so many."""
        calls: list[dict[str, Any]] = self.run("await kit.called(given); return kit.calls;", count)
        return calls

    def answer(self, index: int, content: Any = None, status: int = 200, **headers: str) -> None:
        """Answer a call, and let the page do what follows."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.run("kit.answer(...given); await kit.settled();", [index, status, content, named])

    def break_off(self, index: int) -> None:
        self.run("kit.breakOff(given); await kit.settled();", index)


def serve(route: Route) -> None:
    """A module for its address, else an empty page."""
    name = route.request.url.rpartition("/")[2]
    if name in site.assets:
        route.fulfill(body=site.assets[name].content, content_type=site.assets[name].kind)
    else:
        route.fulfill(body=BLANK, content_type="text/html")
