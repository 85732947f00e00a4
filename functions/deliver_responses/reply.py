"""One reply: its limits, its parts, its fate."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import psycopg

from shared import sql
from shared.errors import UnavailableError
from shared.limits import Permit
from shared.outcome import Dead, Done, Fate, Retry, Snooze, Unknown
from shared.providers.telegram import Gone, Moved, Telegram, split
from shared.queue import Reply
from shared.queue.drain import GRACE
from shared.task import Run

PATIENCE = 5.0  # seconds that a later part of a long text waits for its permit before the row goes back
SQL = sql.beside(__file__)


class Replies:
    """Sends rows of `pending_responses`."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.telegram = Telegram(run.settings, run.http)

    def permits(self, reply: Reply) -> list[Permit]:
        return self.telegram.permits(reply.telegram_chat_id)

    async def screen(self, replies: Sequence[Reply]) -> Mapping[UUID, Fate]:
        """Nothing is known of a reply before it is sent, but that a text of nothing but space is none."""
        return {reply.id: Dead("the text is empty") for reply in replies if not reply.response_text.strip()}

    async def send(self, reply: Reply) -> Fate:
        """Send what is not out yet of a reply, part by part and in order."""
        text = reply.response_text
        parts = split(text)
        fate: Fate = Done()
        for number, part in enumerate(parts[reply.parts_sent :], reply.parts_sent):
            if number > reply.parts_sent and (wait := await self.turn(reply)):
                return wait
            fate = await self.part(reply, part)
            if not isinstance(fate, Done):
                return fate
            if number + 1 < len(parts) and not await self.noted(reply, number + 1):
                return Unknown("parts of it are out, and how many could not be noted")
        return fate

    async def noted(self, reply: Reply, parts: int) -> bool:
        """Write down how many parts are out; a part that is out and not noted goes out again."""
        try:
            await self.run.db.rows(SQL.progress, id=reply.id, run=self.run.id, parts=parts, repeatable=True)
        except UnavailableError:
            return False
        return True

    async def turn(self, reply: Reply) -> Snooze | None:
        """Wait for the permits of a further part; a wait that is too long for this invocation sends the row back."""
        patience = min(PATIENCE, self.run.seconds_left() - GRACE)
        [wait] = await self.run.limiter.reserve([self.permits(reply)], max(0.0, patience))
        if wait > patience:
            return Snooze(self.run.now(plus=wait), "rate limit between the parts of a long text")
        await asyncio.sleep(wait)
        return None

    async def part(self, reply: Reply, text: str) -> Fate:
        """Send one message; follow a group to its new id; note a chat that is gone."""
        outcome = await self.telegram.send(reply.telegram_chat_id, text)
        match outcome:
            case Gone(why):
                await self.run.db.rows(SQL.chat_gone, user_id=reply.user_id, repeatable=True)
                return Dead(why)
            case Moved(chat_id):
                return await self.follow(reply, chat_id)
            case _:
                return outcome

    async def follow(self, reply: Reply, chat_id: int) -> Fate:
        """Take the whole chat over to its new id; the row comes back at once, under the new id's limits."""
        if chat_id == reply.telegram_chat_id:
            return Retry("Telegram says that the group moved to where it is")
        try:
            await self.run.db.rows(SQL.chat_moved, old=reply.telegram_chat_id, new=chat_id, repeatable=True)
        except psycopg.errors.UniqueViolation:
            return Retry("the group moved to a chat that has a message in flight")
        return Snooze(self.run.now(), f"the group moved to {chat_id}")
