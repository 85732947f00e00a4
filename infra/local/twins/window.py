"""Counting in a sliding window, exactly: no buckets, no averages."""

from collections import deque
from collections.abc import Iterable


class SlidingWindow:
    """At most `limit` admissions in any half-open stretch `(t - seconds, t]`.

    A refused request is not counted: it sent nothing.
    """

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._taken: deque[float] = deque(maxlen=limit)

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0.0 when it fits now."""
        if len(self._taken) < self.limit:
            return 0.0
        return max(0.0, self._taken[0] + self.seconds - now)

    def take(self, now: float) -> None:
        """Count one admission; the deque drops the oldest, since only the last `limit` can matter."""
        self._taken.append(now)

    def used(self, now: float) -> int:
        return sum(taken > now - self.seconds for taken in self._taken)

    def idle(self, now: float) -> bool:
        """Nothing counts any more: the window may be forgotten."""
        return not self._taken or self._taken[-1] <= now - self.seconds


def peak(times: Iterable[float], seconds: float) -> int:
    """The most that fell into any `(t - seconds, t]`; the times ascend."""
    recent: deque[float] = deque()
    most = 0
    for time in times:
        recent.append(time)
        while recent[0] <= time - seconds:
            recent.popleft()
        most = max(most, len(recent))
    return most


class KeyedWindows:
    """One window for each key, the idle ones dropped when they become many."""

    SWEEP = 10_000  # keys held before idle ones are looked for

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._windows: dict[int | str, SlidingWindow] = {}

    def of(self, key: int | str, now: float) -> SlidingWindow:
        if key not in self._windows and len(self._windows) >= self.SWEEP:
            self._windows = {k: w for k, w in self._windows.items() if not w.idle(now)}
        return self._windows.setdefault(key, SlidingWindow(self._limit, self._seconds))

    def clear(self) -> None:
        self._windows.clear()
