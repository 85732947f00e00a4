"""The rules of scores and decay, told once more in plain Python: what the database does is held against them."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

GRACE = {1: 24, 2: 36, 3: 48, 4: 72, 5: 96}  # hours of each chapter (spec, section 6)
POINTS = {1: 5, 2: 4, 3: 3, 4: 2, 5: 1}  # a date
LEAST, MOST = Decimal(0), Decimal(100)


@dataclass(kw_only=True)
class Player:
    """One player.

    Attributes:
        seen: their last interaction.
        paid: dates whose decay they have paid.
        told: dates on which they were told that it is over.
    """

    seen: datetime
    score: Decimal = Decimal(50)
    chapter: int = 1
    status: str = "active"
    paid: set[date] = field(default_factory=set)
    told: list[date] = field(default_factory=list)

    def decay(self, day: date) -> None:
        """What a date takes from whoever had been away for longer than their grace when it began (UTC)."""
        late = self.seen + timedelta(hours=GRACE[self.chapter]) < datetime.combine(day, time(), UTC)
        if self.status == "active" and late and day not in self.paid:
            self.paid.add(day)
            self.score = max(self.score - POINTS[self.chapter], LEAST)
            if self.score == LEAST:
                self.status = "game_over"
                self.told.append(day)

    def change(self, delta: Decimal) -> None:
        self.score = min(max(self.score + delta, LEAST), MOST)
