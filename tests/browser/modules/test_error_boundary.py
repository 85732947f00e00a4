"""A part of the page that fails by itself (RS-6.1, RS-6.3)."""

from typing import Any

import pytest

from tests.browser.modules.modules import Modules

PARTS = """
const { Api } = await import("/portal/assets/api.js");
const { ErrorBoundary } = await import("/portal/assets/error-boundary.js");
Math.random = () => 1;
const api = new Api(() => "token");
window.parts = {};
for (const name of ["one", "two"]) {
  const element = document.createElement("section");
  element.id = name;
  document.body.append(element);
  parts[name] = new ErrorBoundary(element, async () => document.createTextNode((await api.get(`/${name}`)).text));
}
"""


class Parts:
    """Two parts of one page."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        modules.run(PARTS)

    def show(self, *names: str) -> None:
        self.modules.run("for (const name of given) { parts[name].show(); } await kit.settled();", list(names))

    def wait(self, milliseconds: int) -> None:
        self.modules.page.clock.run_for(milliseconds)
        self.modules.run("await kit.settled();")

    def text(self, name: str) -> str:
        return self.modules.page.locator(f"#{name}").inner_text()

    @property
    def asked(self) -> list[Any]:
        return [call["path"] for call in self.modules.calls(0)]


@pytest.fixture
def parts(modules: Modules) -> Parts:
    return Parts(modules)


def test_one_broken_part_leaves_the_other_alone(parts: Parts) -> None:
    parts.show("one", "two")
    parts.modules.answer(0, {"detail": "The database cannot be reached. Try again."}, 503)
    parts.modules.answer(1, {"text": "alive"})
    assert parts.text("one").startswith("The database cannot be reached. Try again. It is tried again in 1 s.")
    assert parts.text("two") == "alive"


def test_it_is_tried_again_by_itself_later_each_time_until_it_works(parts: Parts) -> None:
    parts.show("one")
    for failures, wait in enumerate((1_000, 2_000, 4_000), start=1):
        parts.modules.break_off(failures - 1)
        parts.wait(wait - 1)
        assert len(parts.asked) == failures
        parts.wait(1)
        assert len(parts.asked) == failures + 1
    parts.modules.answer(3, {"text": "well again"})
    assert parts.text("one") == "well again"


def test_after_five_failures_a_person_decides(parts: Parts) -> None:
    parts.show("one")
    for failures in range(5):
        parts.modules.break_off(failures)
        parts.wait(1_000 * 2**failures)
    parts.modules.break_off(5)
    parts.wait(60_000)
    assert len(parts.asked) == 6
    parts.modules.page.get_by_role("button", name="Try again").click()
    assert len(parts.asked) == 7


def test_what_the_server_refuses_is_not_tried_again_by_itself(parts: Parts) -> None:
    parts.show("one")
    parts.modules.answer(0, {"detail": "There is no such player."}, 404)
    parts.wait(60_000)
    assert parts.asked == ["/one"]
    assert parts.text("one").startswith("There is no such player.")


def test_the_time_that_the_server_names_is_waited_for(parts: Parts) -> None:
    parts.show("one")
    parts.modules.answer(0, {"detail": "Too many."}, 429, retry_after="30")
    parts.wait(29_000)
    assert parts.asked == ["/one"]
    parts.wait(1_000)
    assert parts.asked == ["/one", "/one"]


def test_what_was_shown_stays_with_its_age_while_the_newer_is_missing(parts: Parts) -> None:
    parts.show("one")
    parts.modules.answer(0, {"text": "of before"})
    parts.show("one")
    parts.modules.break_off(1)
    assert "There is no connection. What you see is of" in parts.text("one")
    assert parts.text("one").endswith("of before")


def test_a_late_answer_does_not_replace_a_newer_one(parts: Parts) -> None:
    parts.show("one")
    parts.show("one")
    parts.modules.answer(1, {"text": "newer"})
    parts.modules.answer(0, {"text": "older"})
    assert parts.text("one") == "newer"


def test_a_fault_of_the_page_itself_shows_none_of_its_insides(parts: Parts) -> None:
    parts.show("one", "two")
    parts.modules.answer(0, None)
    parts.modules.answer(1, {"text": "alive"})
    assert parts.text("one").startswith("Something on this page is broken.")
    assert "null" not in parts.text("one")
    assert parts.text("two") == "alive"


def test_an_act_that_fails_is_told_where_it_was_done(parts: Parts) -> None:
    parts.show("one")
    parts.modules.answer(0, {"text": "shown"})
    parts.modules.run("await parts.one.guard(async () => { throw new Error('secret'); })();")
    assert "Something on this page is broken." in parts.text("one")
    assert "secret" not in parts.text("one")
    assert parts.text("one").endswith("shown")


def test_who_had_the_focus_on_the_button_keeps_a_place(parts: Parts) -> None:
    parts.show("one")
    parts.modules.answer(0, {"detail": "No."}, 404)
    parts.modules.page.get_by_role("button", name="Try again").press("Enter")
    parts.modules.answer(1, {"text": "well again"})
    assert parts.modules.run("return document.activeElement.id") == "one"


def test_after_its_end_nothing_is_tried_again(parts: Parts) -> None:
    parts.show("one")
    parts.modules.break_off(0)
    parts.modules.run("parts.one.end()")
    parts.wait(60_000)
    assert parts.asked == ["/one"]
