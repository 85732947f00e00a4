"""What a twin saw, in order of arrival."""

import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import islice
from typing import Any

KEPT = 200_000  # records held in memory; the oldest go first

Clock = Callable[[], float]
Record = dict[str, Any]


class Watch:
    """Monotonic time for limits, and the wall time that belongs to it, from one injectable clock."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._epoch = time.time() - clock()

    def mono(self) -> float:
        return self._clock()

    def wall(self) -> float:
        """Seconds since 1970."""
        return self._epoch + self._clock()


class Journal:
    """Numbered records. A record is completed in place when its outcome is known."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._records: deque[Record] = deque(maxlen=KEPT)
        self._last = 0

    def add(self, **fields: Any) -> Record:
        """Open a record now: `n` from 1, `mono` and `wall` in seconds, `outcome` still "open"."""
        self._last += 1
        times = {"n": self._last, "mono": self._watch.mono(), "wall": self._watch.wall()}
        record = {**times, "outcome": "open", "status": None, "answered": False, **fields}
        self._records.append(record)
        return record

    def since(self, number: int, limit: int) -> list[Record]:
        """Records after `number`, oldest first, at most `limit`."""
        dropped = self._last - len(self._records)
        start = max(0, number - dropped)
        return list(islice(self._records, start, start + limit))

    def all(self) -> list[Record]:
        return list(self._records)

    @property
    def last(self) -> int:
        return self._last

    def outcomes(self) -> dict[str, int]:
        return dict(Counter(record["outcome"] for record in self._records))

    def clear(self) -> None:
        self._records.clear()
        self._last = 0
