"""What players and Nikita say to each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NoReturn
from uuid import UUID

from shared import sql
from shared.errors import ConflictError
from shared.repositories.base import Number, Repository, bounded, points

SQL = sql.beside(__file__, "conversations.sql")
PART = 3  # characters of a part of a word at least: the index of parts knows nothing shorter
Role = Literal["user", "nikita", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation.

    Attributes:
        messages: oldest first; each has role, content and at (ISO 8601), and analysis where it was analysed.
        ended_at: None while it goes on.
        score_delta: points that it brought, once it has ended.
    """

    id: UUID
    user_id: UUID
    platform: str
    messages: Sequence[Mapping[str, Any]] = field(repr=False)
    score_delta: Decimal | None
    started_at: datetime
    ended_at: datetime | None
    is_boss_fight: bool
    chapter_at_time: int | None


class ConversationRepository(Repository[Conversation]):
    noun, statements, record = "conversation", SQL, Conversation

    async def create(
        self, user_id: UUID, platform: str, started_at: datetime | None = None, *, is_boss_fight: bool = False
    ) -> Conversation:
        """A new conversation in the user's present chapter, begun now where no time is given.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: a value is outside the rules.
        """
        return self._found(
            await self._one(
                SQL.create, user_id=user_id, platform=platform, started_at=started_at, is_boss_fight=is_boss_fight
            )
        )

    async def append_message(
        self, conversation_id: UUID, role: Role, content: str, analysis: Mapping[str, Any] | None = None
    ) -> int:
        """Add a message at the end, whoever else adds one at the same time; how many there are then.

        Raises:
            ConflictError: the conversation has ended.
            NotFoundError: there is no such conversation.
            UnprocessableError: the text has characters that no database takes.
        """
        message = {"role": role, "content": content, "at": datetime.now(UTC).isoformat()}
        written = json.dumps([message | ({"analysis": dict(analysis)} if analysis else {})])
        row = await self._row(SQL.append_message, key=conversation_id, messages=written)
        return int((row or await self._why_not(conversation_id))["messages"])

    async def get_recent(self, user_id: UUID, limit: int = 10) -> list[Conversation]:
        """The last conversations of a user, newest first."""
        return await self._many(SQL.get_recent, user_id=user_id, limit=bounded(limit))

    async def search(self, user_id: UUID, query: str, limit: int = 20) -> list[Conversation]:
        """A user's conversations in which these words were said, newest first.

        Words, "phrases", or, and -exclusions; of conversations that have ended also any part of a text that is spelled
        like the whole query.
        """
        part = query.strip()
        pattern = f"%{escaped(part)}%" if len(part) >= PART else None
        return await self._many(SQL.search, user_id=user_id, query=query, pattern=pattern, limit=bounded(limit))

    async def close_conversation(self, conversation_id: UUID, score_delta: Number) -> Conversation:
        """End it now, with the points that it brought. The score itself is `UserRepository.update_score`'s.

        Raises:
            ConflictError: it has ended already.
            NotFoundError: there is no such conversation.
            UnprocessableError: the points are no finite number below 1000.
        """
        row = await self._row(SQL.close_conversation, key=conversation_id, score_delta=points(score_delta))
        return self._made(row or await self._why_not(conversation_id))

    async def _why_not(self, conversation_id: UUID) -> NoReturn:
        await self.get(conversation_id)
        raise ConflictError("This conversation has ended.")


def escaped(text: str) -> str:
    """A text for a pattern of LIKE in which no character means anything else."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
