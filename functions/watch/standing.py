"""How one queue stands, and what is wrong with that."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.causes import Cause
from shared.settings import Settings

CAP = 10_000  # rows that a count of a queue looks at
SUSTAINED = 8  # samples of the last ten minutes that have to agree that a queue is behind


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue at one moment; counts end at `CAP`.

    Attributes:
        died: rows that became dead letters since the sample before.
        samples: how many there are of the last ten minutes.
        least_due, due_before: of those samples, the fewest due rows, and the due rows of the oldest.
    """

    queue: str
    paused_at: datetime | None
    opened_at: datetime | None
    why: str | None
    live: int
    due: int
    oldest_due_at: datetime | None
    dead: int
    died: int
    samples: int
    least_due: int | None
    due_before: int | None


def wrong_with(queue: Standing, now: datetime, settings: Settings) -> Iterator[Cause]:
    """What is wrong with a queue. One that is paused, or whose breaker is open, is behind for that reason."""
    if queue.died and queue.dead >= settings.alert_dead_letters:
        yield Cause("dead", queue.queue, {"dead": counted(queue.dead)})
    if queue.opened_at and now - queue.opened_at >= settings.alert_breaker_open:
        yield Cause("breaker", queue.queue, {"why": queue.why or "no error recorded"}, since=queue.opened_at)
    if queue.paused_at or queue.opened_at:
        return
    if queue.oldest_due_at and now - queue.oldest_due_at >= settings.alert_due_late:
        minutes = (now - queue.oldest_due_at).total_seconds() // 60
        yield Cause("late", queue.queue, {"minutes": round(minutes)}, since=queue.oldest_due_at)
    if behind(queue, settings.alert_backlog):
        yield Cause("backlog", queue.queue, {"due": counted(queue.due)})


def counted(rows: int) -> int | str:
    return rows if rows < CAP else f"{CAP} or more"


def behind(queue: Standing, most: int) -> bool:
    """Whether very many rows have been due for minutes, and no fewer now than then."""
    lasting = queue.samples >= SUSTAINED and (queue.least_due or 0) >= most
    return lasting and queue.due >= max(most, queue.due_before or 0)
