"""A sender whose every send succeeds at once, with the limits of the real ones."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from shared.limits import Permit
from shared.log import masked
from shared.outcome import Done, Fate
from shared.queue import Email, Reply
from shared.repositories import emails
from shared.task import Run

# About as many grants as a real limit keeps in mind (Telegram's 30 a second, our 100 emails a minute), in a window that
# is over before it binds.
PERMITS, WINDOW = 60, 0.001  # of all rows; seconds


class Nothing:
    """Sends nothing, and says that it went well.

    Attributes:
        limited: whether each row asks for its permits, and an email for its address's good standing, as for real.
    """

    def __init__(self, run: Run, *, limited: bool) -> None:
        self.run, self.limited, self.sent = run, limited, 0

    def permits(self, row: Any) -> Sequence[Permit]:
        match row:
            case Reply() if self.limited:
                return both("telegram:bench", f"telegram:bench:chat:{row.telegram_chat_id}", 1)
            case Email() if self.limited:
                return both("email:all", f"email:to:{masked(row.to_email)}", 10)
            case _:
                return ()

    async def screen(self, rows: Sequence[Any]) -> Mapping[UUID, Fate]:
        if self.limited and isinstance(rows[0], Email):
            await emails.suppressed(self.run.db, {row.to_email for row in rows})
        return {}

    async def send(self, row: Any) -> Fate:
        self.sent += 1
        return Done()


def both(of_all: str, of_one: str, permits: int) -> tuple[Permit, Permit]:
    return Permit(of_all, PERMITS, WINDOW), Permit(of_one, permits, WINDOW)
