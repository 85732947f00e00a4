"""What is done on the page is told in batches, and before the page is gone."""

from typing import Any

import pytest

from tests.browser.modules.modules import Modules

OPEN = """
const { Api } = await import("/portal/assets/api.js");
const { Events } = await import("/portal/assets/events.js");
Math.random = () => 1;
window.events = new Events(new Api(() => "token"));
"""
HIDE = """
Object.defineProperty(document, "hidden", { value: true, configurable: true });
document.dispatchEvent(new Event("visibilitychange"));
await kit.settled();
"""


class Events:
    """The events in their page."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        modules.run(OPEN)

    def record(self, *types: str) -> None:
        self.modules.run("for (const type of given) { events.record(type, { of: type }); }", list(types))

    def wait(self, milliseconds: int) -> None:
        self.modules.page.clock.run_for(milliseconds)
        self.modules.run("await kit.settled();")

    @property
    def sent(self) -> list[list[dict[str, Any]]]:
        """The events of each call."""
        return [call["body"]["events"] for call in self.modules.calls(0)]

    @property
    def types(self) -> list[list[str]]:
        return [[event["event_type"] for event in batch] for batch in self.sent]


@pytest.fixture
def events(modules: Modules) -> Events:
    return Events(modules)


def test_events_of_ten_seconds_are_one_call(events: Events) -> None:
    events.record("one")
    events.wait(9_000)
    events.record("two")
    assert events.types == []
    events.wait(1_000)
    assert events.types == [["one", "two"]]


def test_an_event_has_an_id_of_its_own_and_the_tabs_session(events: Events) -> None:
    events.record("one", "two")
    events.wait(10_000)
    [[one, two]] = events.sent
    assert one["id"] != two["id"]
    assert one["session_id"] == two["session_id"]
    assert (one["metadata"], one["created_at"]) == ({"of": "one"}, "2026-01-01T00:00:00.000Z")
    events.modules.open()
    events.modules.run(OPEN)
    events.record("three")
    events.wait(10_000)
    assert events.sent[0][0]["session_id"] == one["session_id"]


def test_what_failed_is_sent_again_as_the_same_events(events: Events) -> None:
    events.record("one")
    events.wait(10_000)
    events.modules.break_off(0)
    events.wait(1_000)
    assert events.sent[0] == events.sent[1]
    events.modules.answer(1, {"accepted": 1}, 202)
    events.wait(60_000)
    assert len(events.sent) == 2


def test_what_was_refused_is_forgotten_and_the_rest_goes_on(events: Events) -> None:
    events.record("refused")
    events.wait(10_000)
    events.record("fine")
    events.modules.answer(0, {"detail": "The body is not as expected."}, 422)
    events.wait(10_000)
    assert events.types == [["refused"], ["fine"]]


def test_the_time_that_the_server_names_is_kept(events: Events) -> None:
    events.record("one")
    events.wait(10_000)
    events.modules.answer(0, {"detail": "Too many calls."}, 429, retry_after="30")
    events.wait(29_000)
    assert len(events.sent) == 1
    events.wait(1_000)
    assert len(events.sent) == 2


def test_many_events_are_several_calls_one_after_the_other(events: Events) -> None:
    events.record(*["one"] * 60)
    events.wait(10_000)
    assert [len(batch) for batch in events.sent] == [50]
    events.modules.answer(0, {"accepted": 50}, 202)
    events.wait(0)
    assert [len(batch) for batch in events.sent] == [50, 10]


def test_of_too_many_events_the_oldest_are_forgotten(events: Events) -> None:
    events.record("oldest", *["one"] * 500)
    events.wait(10_000)
    assert events.types[0][0] == "one"


def test_a_page_that_is_hidden_sends_what_waits_in_a_call_that_outlives_it(events: Events) -> None:
    events.record("one")
    events.modules.run(HIDE)
    assert events.types == [["one"]]
    assert events.modules.calls(1)[0]["keepalive"] is True
    events.modules.answer(0, {"accepted": 1}, 202)
    events.wait(60_000)
    assert len(events.sent) == 1


def test_what_is_under_way_when_the_page_is_hidden_goes_out_once_more(events: Events) -> None:
    events.record("one")
    events.wait(10_000)
    events.modules.run(HIDE)
    assert events.sent[0] == events.sent[1]


def test_signing_out_sends_the_last_events_and_records_no_more(events: Events) -> None:
    events.record("one")
    events.modules.run("events.end(); events.record('after'); await kit.settled();")
    events.wait(60_000)
    assert events.types == [["one"]]
