"""What Claude's answers mean, by their codes alone."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.outcome import Dead, Down, Retry, Snooze
from shared.providers.claude_answer import Answer, Barred, Declined, Message, Refusal, refused, understood
from shared.providers.claude_prices import model

SECRET = "anna@example.org wrote sk-ant-secret"


def failed(status: int, kind: str = "", code: str | None = None, **headers: str) -> httpx.Response:
    details = {"details": {"error_code": code}} if code else {}
    body = {"type": "error", "error": {"type": kind, "message": SECRET, **details}}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "invalid_request_error", Dead("claude 400 invalid_request_error")),
        (401, "authentication_error", Barred("claude 401 authentication_error")),
        (402, "billing_error", Barred("claude 402 billing_error")),
        (403, "permission_error", Barred("claude 403 permission_error")),
        (404, "not_found_error", Barred("claude 404 not_found_error")),
        (405, "", Barred("claude 405")),
        (408, "", Down("claude 408")),
        (409, "conflict_error", Retry("claude 409 conflict_error")),
        (413, "request_too_large", Dead("claude 413 request_too_large")),
        (422, "", Dead("claude 422")),
        (418, "", Dead("claude 418")),
        (302, "", Barred("claude 302")),
        (500, "api_error", Down("claude 500 api_error")),
        (504, "timeout_error", Down("claude 504 timeout_error")),
        (529, "overloaded_error", Down("claude 529 overloaded_error")),
        (503, "", Down("claude 503")),
    ],
)
def test_an_answer_has_the_fate_of_its_code(status: int, kind: str, expected: Refusal) -> None:
    assert refused(failed(status, kind)) == expected


@pytest.mark.parametrize(("after", "seconds"), [("171", 171), ("0", 1), ("3600", 3600), ("1.5", 1.5)])
def test_a_429_waits_for_as_long_as_it_says(after: str, seconds: float) -> None:
    found = refused(failed(429, "rate_limit_error", retry_after=after))
    assert isinstance(found, Snooze)
    assert seconds - 1 < (found.until - datetime.now(UTC)).total_seconds() <= seconds


def test_a_429_without_a_time_waits_for_the_reset() -> None:
    found = refused(failed(429, "rate_limit_error"), headroom=12)
    assert isinstance(found, Snooze)
    assert 11 < (found.until - datetime.now(UTC)).total_seconds() <= 12


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached", None])
def test_a_429_that_names_no_time_at_all_is_a_limit_on_spending(code: str | None) -> None:
    assert isinstance(refused(failed(429, "rate_limit_error", code)), Barred)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"type":"error","error":{"type":"Anna <a@example.org>"}}'])
def test_what_an_answer_says_beside_its_codes_stays_out_of_the_reason(body: bytes) -> None:
    assert refused(httpx.Response(400, content=body)) == Dead("claude 400")


def message(*texts: str, stop: str | None = "end_turn", **usage: Any) -> Message:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    content = [thought, *({"type": "text", "text": text} for text in texts)]
    counted = {"input_tokens": 1, "output_tokens": 1, **usage}
    shown = {"type": "message", "model": "claude-haiku-5-5", "content": content, "stop_reason": stop, "usage": counted}
    return Message.model_validate(shown)


def test_thoughts_are_no_part_of_the_text() -> None:
    found = understood(message("Good ", "morning."), model("claude-haiku-5-5"))
    assert isinstance(found, Answer)
    assert found.text == "Good morning."


@pytest.mark.parametrize(
    ("texts", "stop"), [((), "end_turn"), ((" ",), "end_turn"), (("a",), None), (("a",), "pause_turn")]
)
def test_what_is_no_whole_text_was_declined(texts: tuple[str, ...], stop: str | None) -> None:
    assert isinstance(understood(message(*texts, stop=stop), model("claude-haiku-5-5")), Declined)


def test_cache_counts_that_are_null_are_none() -> None:
    found = understood(message("a", cache_creation_input_tokens=None), model("claude-haiku-5-5"))
    assert found.usage.cache_creation_input_tokens == 0
