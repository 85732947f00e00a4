"""Calls: with the token, within a time, and every failure as one kind of error."""

from typing import Any

import pytest

from tests.browser.modules.modules import Modules

OPEN = """
const { Api } = await import("/portal/assets/api.js");
window.token = "first";
window.refused = 0;
window.api = new Api(() => token, () => { refused += 1; });
window.call = (promise) => promise.then((value) => { window.got = value; }, (error) => {
  const { name, message, status, kind, passing, retryAfter } = error;
  window.got = { name, message, status, kind, passing, retryAfter };
});
"""


@pytest.fixture
def api(modules: Modules) -> Modules:
    modules.run(OPEN)
    return modules


def got(api: Modules) -> Any:
    return api.run("await kit.settled(); return got;")


def test_a_call_has_the_token_in_its_header(api: Modules) -> None:
    api.run("call(api.post('/place', { a: 1 }))")
    api.answer(0, {"b": 2})
    [call] = api.calls(1)
    assert (call["method"], call["path"], call["body"]) == ("POST", "/place", {"a": 1})
    assert call["headers"] == {"authorization": "Bearer first", "content-type": "application/json"}
    assert got(api) == {"b": 2}


def test_an_answer_without_content_is_null(api: Modules) -> None:
    api.run("call(api.delete('/place'))")
    api.answer(0, None, 204)
    assert got(api) is None


def test_a_problem_document_becomes_an_error_that_names_the_fields(api: Modules) -> None:
    api.run("call(api.post('/place', {}))")
    fault = {"field": "item_id", "problem": "Field required"}
    api.answer(0, {"type": "urn:one", "detail": "The body is not as expected.", "errors": [fault]}, 422)
    assert got(api) == {
        "name": "ApiError",
        "message": "The body is not as expected. item_id: Field required",
        "status": 422,
        "kind": "urn:one",
        "passing": False,
        "retryAfter": None,
    }


def test_a_failure_without_a_document_has_its_status(api: Modules) -> None:
    api.run("call(api.get('/place'))")
    api.answer(0, None, 502)
    assert (got(api)["message"], got(api)["passing"]) == ("The answer was 502.", True)


def test_no_connection_and_no_answer_in_time_are_told_apart(api: Modules) -> None:
    api.run("call(api.get('/place'))")
    api.break_off(0)
    assert (got(api)["status"], got(api)["message"]) == (0, "There is no connection.")
    api.run("call(api.get('/place'))")
    api.page.clock.run_for(10_000)
    assert (got(api)["status"], got(api)["message"]) == (0, "The answer takes too long.")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("5", 5), ("Thu, 01 Jan 2026 00:00:30 GMT", 30), ("Wed, 31 Dec 2025 00:00:00 GMT", 0), ("999999999", 86_400)],
    ids=["seconds", "date", "past", "years"],
)
def test_a_time_to_wait_is_read_in_either_form_and_believed_up_to_a_day(api: Modules, said: str, seconds: int) -> None:
    api.run("call(api.get('/place'))")
    api.answer(0, {"detail": "later"}, 503, retry_after=said)
    assert got(api)["retryAfter"] == seconds


def test_a_time_to_wait_that_is_none_is_left_out(api: Modules) -> None:
    api.run("call(api.get('/place'))")
    api.answer(0, {"detail": "later"}, 503, retry_after="soon")
    assert got(api)["retryAfter"] is None


def test_a_refused_token_is_told(api: Modules) -> None:
    api.run("call(api.get('/place'))")
    api.answer(0, {"detail": "Sign in again."}, 401)
    assert api.run("return refused") == 1


def test_a_refusal_of_the_token_before_is_not_one_of_this(api: Modules) -> None:
    api.run("call(api.get('/place')); token = 'second';")
    api.answer(0, {"detail": "Sign in again."}, 401)
    assert api.run("return refused") == 0
