"""A token bucket: it fills up evenly, and a refused request takes nothing out."""


class Bucket:
    """At most `limit` at once, refilled within `seconds`."""

    def __init__(self, limit: float, seconds: float, now: float) -> None:
        self.limit = limit
        self.rate = limit / seconds
        self._level = limit
        self._at = now

    def level(self, now: float) -> float:
        """What is in it now; below zero after more was taken than was in it."""
        self._level = min(self.limit, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def wait(self, amount: float, now: float) -> float:
        """Seconds until there is so much, or all that there can be."""
        return max(0.0, (min(amount, self.limit) - self.level(now)) / self.rate)

    def full_in(self, now: float) -> float:
        """Seconds until it is full again."""
        return self.wait(self.limit, now)

    def take(self, amount: float, now: float) -> None:
        self._level = self.level(now) - amount
