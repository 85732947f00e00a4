"""Conversations of two, as one of their members has them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from functions.messages.asked import Letter
from shared import sql
from shared.db import Row
from shared.errors import ConflictError
from shared.repositories.base import Repository

SQL = sql.beside(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes:
        number: its place in the conversation, from 1 on; numbers of a sender who has left are missing.
        client_id: as its sender's app chose it.
    """

    number: int
    sender_id: UUID
    client_id: UUID
    content: str = field(repr=False)
    created_at: datetime

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "sender_id": self.sender_id,
            "client_id": self.client_id,
            "content": self.content,
            "created_at": self.created_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Attributes: `partner_id` is None once the other one has left."""

    id: UUID
    partner_id: UUID | None


class Conversations(Repository[Message]):
    """Of one user. What is not theirs is not there."""

    noun, statements, record = "conversation", SQL, Message

    async def open(self, user_id: UUID, partner_id: UUID) -> tuple[UUID, bool]:
        """The pair's conversation, and whether it is new. Safe to repeat.

        Raises:
            NotFoundError: one of the two is no user any more.
        """
        row = self._found(await self._row(SQL.open, user_id=user_id, partner_id=partner_id))
        return row["id"], row["new"]

    async def latest(self, user_id: UUID, cursor: UUID | None, limit: int) -> list[Row]:
        """A page of conversations after the one of this id, each with its newest message in `last_message`."""
        return [told(row) for row in await self._rows(SQL.latest, user_id=user_id, cursor=cursor, limit=limit)]

    async def one(self, user_id: UUID, key: UUID) -> Conversation:
        """Raises NotFoundError: this user is no member of such a conversation."""
        row = self._found(await self._row(SQL.one, repeatable=True, user_id=user_id, key=key))
        return Conversation(id=row["id"], partner_id=row["partner_id"])

    async def page(self, key: UUID, before: int, limit: int) -> list[Message]:
        """The newest messages whose numbers are less than `before`, the newest first."""
        return await self._many(SQL.page, key=key, before=before, limit=limit)

    async def send(self, user_id: UUID, key: UUID, letter: Letter) -> tuple[Message, bool]:
        """The message, and whether it is new. Safe to repeat.

        Raises:
            ConflictError: another text was sent under this client id.
            NotFoundError: this user is no member of such a conversation.
        """
        row = self._found(
            await self._row(
                SQL.send, repeatable=True, user_id=user_id, key=key, client_id=letter.client_id, content=letter.content
            )
        )
        if row["content"] != letter.content:
            raise ConflictError("Another text was sent under this client_id. Take a new one for a new message.")
        return self._made(row), row["new"]

    async def read(self, user_id: UUID, key: UUID, up_to: int) -> None:
        """Note that everything up to the message of this number has been read.

        Raises:
            NotFoundError: this user is no member of such a conversation.
        """
        self._found(await self._row(SQL.read, repeatable=True, user_id=user_id, key=key, up_to=up_to))

    async def unread(self, user_id: UUID) -> int:
        """How many messages this user has not read, in all conversations."""
        return int((await self._row(SQL.unread, repeatable=True, user_id=user_id) or {})["unread"])


def told(row: Row) -> Row:
    """A conversation as it is answered; it may be empty, and the other one may have left."""
    partner = {"id": row["partner_id"], "display_name": row["display_name"], "username": row["username"]}
    message = Message(**{name: row[name] for name in Message.__slots__}) if row["number"] else None
    return {
        "id": row["id"],
        "partner": partner if row["partner_id"] else None,
        "last_at": row["last_at"],
        "last_message": message and message.shown(),
        "unread": row["unread"],
    }
