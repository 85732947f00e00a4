"""Registering a push token: tried again until the server has it or refuses it for good (RS-7.1)."""

from typing import Any

import pytest

from tests.browser.modules.modules import Modules

DEVICE = {"platform": "web", "address_kind": "registration_token", "push_token": "token-of-a-device"}
OPEN = """
const { Api } = await import("/portal/assets/api.js");
const { PushRegistration } = await import("/portal/assets/push-registration.js");
window.push = new PushRegistration(new Api(() => "token"), given);
push.resume();
"""
REFUSALS = (400, 401, 403, 404, 410, 422)
MOST = 60_000  # milliseconds between two attempts


class Push:
    """A registration in its page."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        modules.page.evaluate("Math.random = () => 1")  # the longest wait that chance may give
        self.open()

    def open(self, user: str = "anna") -> None:
        self.modules.run(OPEN, user)

    def reload(self, user: str = "anna") -> None:
        """The page is closed and opened again; calls are counted anew."""
        self.modules.open()
        self.modules.page.evaluate("Math.random = () => 1")
        self.open(user)

    def register(self, token: str = DEVICE["push_token"]) -> None:
        self.modules.run("push.register(given)", {**DEVICE, "push_token": token})
        self.wait(0)

    def wait(self, milliseconds: int) -> None:
        self.modules.page.clock.run_for(milliseconds)
        self.modules.run("await kit.settled();")

    @property
    def tried(self) -> int:
        """Calls since the page was loaded."""
        return len(self.modules.calls(0))

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.modules.run("return push.state;")
        return state


@pytest.fixture
def push(modules: Modules) -> Push:
    return Push(modules)


def test_a_device_is_registered(push: Push) -> None:
    push.register()
    assert push.modules.calls(1)[0]["body"] == DEVICE
    push.modules.answer(0, {"id": "1"}, 201)
    push.wait(MOST)
    assert (push.state["status"], push.tried) == ("registered", 1)


def test_after_a_failure_it_is_tried_again_and_each_wait_is_twice_the_one_before(push: Push) -> None:
    push.register()
    for failures, wait in enumerate((1_000, 2_000, 4_000, 8_000), start=1):
        push.modules.break_off(failures - 1)
        push.wait(wait - 1)
        assert push.tried == failures
        push.wait(1)
        assert push.tried == failures + 1
    push.modules.answer(4, {"id": "1"}, 201)
    assert (push.state["status"], push.state["failures"]) == ("registered", 0)


def test_chance_shortens_a_wait_by_half_of_it_at_most(push: Push) -> None:
    push.modules.page.evaluate("Math.random = () => 0")
    push.register()
    push.modules.break_off(0)
    push.wait(499)
    assert push.tried == 1
    push.wait(1)
    assert push.tried == 2


def test_a_wait_is_a_minute_at_most(push: Push) -> None:
    push.register()
    for failures in range(12):
        push.modules.answer(failures, {"detail": "later"}, 503)
        push.wait(min(1_000 * 2**failures, MOST))
        assert push.tried == failures + 2


@pytest.mark.parametrize("status", REFUSALS)
def test_a_permanent_refusal_ends_it(push: Push, status: int) -> None:
    push.register()
    push.modules.answer(0, {"detail": "No."}, status)
    push.wait(10 * MOST)
    state = push.state
    assert (state["status"], state["refusal"], state["reason"], push.tried) == ("refused", status, "No.", 1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_be_otherwise_later_is_tried_again(push: Push, status: int) -> None:
    push.register()
    push.modules.answer(0, {"detail": "later"}, status)
    push.wait(1_000)
    assert push.tried == 2


@pytest.mark.parametrize("said", ["120", "Thu, 01 Jan 2026 00:02:00 GMT"], ids=["seconds", "date"])
def test_the_time_that_the_server_names_is_kept(push: Push, said: str) -> None:
    push.register()
    push.modules.answer(0, {"detail": "later"}, 429, retry_after=said)
    push.wait(119_000)
    push.modules.run("dispatchEvent(new Event('online'))")
    push.wait(0)
    assert push.tried == 1
    push.wait(1_000)
    assert push.tried == 2


def test_it_goes_on_after_a_reload(push: Push) -> None:
    push.register()
    push.modules.break_off(0)
    push.reload()
    assert (push.state["status"], push.state["failures"]) == ("waiting", 1)
    push.wait(1_000)
    assert push.modules.calls(1)[0]["body"] == DEVICE
    push.modules.break_off(0)
    assert push.state["failures"] == 2


def test_a_page_that_closed_before_the_answer_tries_again(push: Push) -> None:
    push.register()
    push.reload()
    push.wait(0)
    assert push.tried == 1


def test_a_refusal_is_kept_over_a_reload(push: Push) -> None:
    push.register()
    push.modules.answer(0, {"detail": "No."}, 422)
    push.reload()
    push.wait(10 * MOST)
    assert (push.state["status"], push.tried) == ("refused", 0)


def test_what_was_refused_for_its_token_alone_is_tried_again_after_the_next_sign_in(push: Push) -> None:
    push.register()
    push.modules.answer(0, {"detail": "Sign in again."}, 401)
    push.reload()
    push.wait(0)
    assert push.tried == 1


def test_a_registered_device_says_once_a_day_that_it_is_still_there(push: Push) -> None:
    push.register()
    push.modules.answer(0, {"id": "1"}, 201)
    push.reload()
    push.wait(0)
    assert push.tried == 0
    push.modules.page.clock.fast_forward("25:00:00")
    push.open()
    push.wait(0)
    assert push.tried == 1


def test_another_player_does_not_register_the_device_of_the_one_before(push: Push) -> None:
    push.register()
    push.reload("bert")
    push.wait(MOST)
    assert (push.state["device"], push.tried) == (None, 0)


def test_two_attempts_are_never_under_way_together(push: Push) -> None:
    push.register("first")
    push.register("second")
    push.modules.run("dispatchEvent(new Event('online'))")
    push.wait(0)
    assert push.tried == 1
    push.modules.answer(0, {"id": "1"}, 201)
    push.wait(0)
    assert [call["body"]["push_token"] for call in push.modules.calls(2)] == ["first", "second"]
    assert push.state["status"] == "waiting"


def test_back_online_it_does_not_wait_any_longer(push: Push) -> None:
    push.register()
    push.modules.break_off(0)
    push.modules.run("dispatchEvent(new Event('online'))")
    push.wait(0)
    assert push.tried == 2


def test_what_was_forgotten_is_not_tried_again(push: Push) -> None:
    push.register()
    push.modules.run(
        "push.end(); (await import('/portal/assets/push-registration.js')).PushRegistration.forget();"
        "kit.breakOff(0); await kit.settled();"
    )
    push.wait(MOST)
    assert push.tried == 1
    assert push.modules.run("return localStorage.length") == 0


def test_a_browser_that_keeps_nothing_registers_all_the_same(push: Push) -> None:
    push.modules.run("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    push.register()
    push.modules.break_off(0)
    push.wait(1_000)
    assert push.tried == 2


def test_what_is_no_record_of_ours_is_ignored(push: Push) -> None:
    push.modules.run("localStorage.setItem('nightshift.push', 'not json')")
    push.reload()
    assert push.state["status"] == "none"
