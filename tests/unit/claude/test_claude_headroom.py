"""How long the rate headers ask to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shared.providers.claude_headroom import Headroom

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def headers(name: str, limit: int, left: int, seconds: float) -> dict[str, str]:
    reset = (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    named = {"limit": str(limit), "remaining": str(left), "reset": reset}
    return {"date": format_datetime(NOW, usegmt=True)} | {
        f"anthropic-ratelimit-{name}-{word}": value for word, value in named.items()
    }


def test_nothing_waits_before_the_first_answer() -> None:
    assert Headroom().wait(10**9, 10**9) == 0


def test_a_bucket_fills_evenly_until_its_reset(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("requests", 60, 0, 60))
    assert headroom.wait() == pytest.approx(1)
    clock.now += 0.25
    assert headroom.wait() == pytest.approx(0.75)
    clock.now += 1
    assert headroom.wait() == 0


def test_a_large_call_waits_longer(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("input-tokens", 1000, 100, 45))
    assert headroom.wait(input_tokens=100) == 0
    assert headroom.wait(input_tokens=300) == pytest.approx(10)


def test_a_call_over_the_whole_limit_waits_until_it_is_full(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("output-tokens", 1000, 0, 60))
    assert headroom.wait(output_tokens=5000) == pytest.approx(60)


def test_what_has_left_counts_until_the_next_answer(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("requests", 60, 1, 59))
    assert headroom.wait() == 0
    headroom.spend()
    assert headroom.wait() > 0
    headroom.note(headers("requests", 60, 5, 55))
    assert headroom.wait() == 0


def test_the_slowest_limit_decides(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("requests", 60, 0, 60) | headers("output-tokens", 600, 0, 60))
    assert headroom.wait(output_tokens=100) == pytest.approx(10)


def test_a_reset_far_away_is_no_wait_of_an_hour(clock: Clock) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("requests", 60, 0, 3600))
    assert headroom.wait() <= 1


@pytest.mark.parametrize("reset", ["", "soon", "2026-13-01T00:00:00Z"])
def test_headers_that_cannot_be_read_change_nothing(clock: Clock, reset: str) -> None:
    headroom = Headroom(clock)
    headroom.note(headers("requests", 60, 0, 60) | {"anthropic-ratelimit-requests-reset": reset})
    assert headroom.wait() == 0
