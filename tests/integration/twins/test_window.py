from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.twins.window import KeyedWindows, SlidingWindow, peak

GAPS = st.lists(st.integers(0, 1_500), max_size=60)  # milliseconds between arrivals: exact as integers


def admitted(gaps: list[int], limit: int, milliseconds: int) -> list[int]:
    window, now, taken = SlidingWindow(limit, milliseconds), 0, []
    for gap in gaps:
        now += gap
        if window.wait(now) == 0:
            window.take(now)
            taken.append(now)
    return taken


@settings(deadline=None)  # a busy machine is no failure
@given(GAPS, st.integers(1, 5))
def test_no_stretch_of_the_window_ever_holds_more_than_the_limit(gaps: list[int], limit: int) -> None:
    taken = admitted(gaps, limit, 1_000)
    assert all(sum(end - 1_000 < each <= end for each in taken) <= limit for end in taken)


@settings(deadline=None)  # a busy machine is no failure
@given(GAPS, st.integers(1, 5))
def test_nothing_is_refused_that_would_have_fitted(gaps: list[int], limit: int) -> None:
    taken, now = admitted(gaps, limit, 1_000), 0
    for gap in gaps:
        now += gap
        before = sum(now - 1_000 < each <= now for each in taken)
        assert now in taken or before >= limit


def test_the_wait_that_was_named_is_enough() -> None:
    window = SlidingWindow(1, 1.0)
    window.take(10.25)
    assert window.wait(10.5) == 0.75
    assert window.wait(10.5 + 0.75) == 0


@settings(deadline=None)  # a busy machine is no failure
@given(GAPS)
def test_the_peak_is_what_counting_every_stretch_finds(gaps: list[int]) -> None:
    times = list(accumulate(gaps))
    assert peak(times, 1_000) == max((sum(t - 1_000 < each <= t for each in times) for t in times), default=0)


def test_windows_of_idle_keys_are_dropped_when_there_are_many() -> None:
    windows = KeyedWindows(1, 1.0)
    for key in range(KeyedWindows.SWEEP):
        windows.of(key, 0.0).take(0.0)
    windows.of("late", 2.0)
    assert len(windows._windows) == 1
