"""Players: who they are, and where they stand in the game."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from shared import sql
from shared.db import Row
from shared.errors import ConflictError, UnprocessableError
from shared.repositories.base import Number, Repository, made, points
from shared.repositories.metrics import Metrics
from shared.repositories.score_history import ScoreEvent

SQL = sql.beside(__file__, "users.sql")
GameStatus = Literal["active", "boss_fight", "game_over", "won"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a user may say of themselves.

    Attributes:
        timezone: a name that the server knows, such as Europe/Zurich.
    """

    telegram_id: int | None = None
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    display_name: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    timezone: str = "UTC"
    notifications_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Profile):
    """A user's row.

    Attributes:
        relationship_score: from 0 to 100, with two decimals; what the newest row of the history says.
        metrics: None for a user whom another program made without them.
    """

    id: UUID
    relationship_score: Decimal
    chapter: int
    boss_attempts: int
    days_played: int
    last_interaction_at: datetime | None
    game_status: GameStatus
    created_at: datetime
    updated_at: datetime
    metrics: Metrics | None


class UserRepository(Repository[User]):
    """Whatever changes a score writes the user's row and the history's in one statement."""

    noun, statements, record = "user", SQL, User

    async def get_by_telegram_id(self, telegram_id: int) -> User | None:
        return await self._one(SQL.get_by_telegram_id, repeatable=True, telegram_id=telegram_id)

    async def create(self, profile: Profile) -> User:
        """A new user and their metrics, together.

        Raises:
            ConflictError: this Telegram account has a user.
            UnprocessableError: a value is outside the rules.
        """
        return await super().create(**asdict(profile))

    async def update(self, user_id: UUID, profile: Profile) -> User:
        """Replace a user's whole profile.

        Raises:
            ConflictError: this Telegram account has another user.
            NotFoundError: there is no such user.
            UnprocessableError: a value is outside the rules.
        """
        return await super().update(user_id, **asdict(profile))

    async def update_score(
        self, user_id: UUID, delta: Number, event_type: str, event_details: Mapping[str, Any] | None = None
    ) -> ScoreEvent:
        """Change the score by so many points, within 0 to 100, and write it down.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: the change is no finite number, or the event has no name of at most 64 characters.
        """
        details = json.dumps(dict(event_details or {}))
        row = await self._row(
            SQL.update_score, key=user_id, delta=points(delta), event_type=event_type, details=details
        )
        return made(ScoreEvent, self._found(row))

    async def apply_decay(self, user_id: UUID, decay_amount: Number) -> ScoreEvent:
        """Take so many points, down to 0, and write it down as decay. Who loses how much is decided elsewhere.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: the amount is no finite number, or a negative one.
        """
        amount = points(decay_amount)
        if amount < 0:
            raise UnprocessableError("Decay takes points, it gives none.")
        return made(ScoreEvent, self._found(await self._row(SQL.apply_decay, key=user_id, amount=amount)))

    async def advance_chapter(self, user_id: UUID) -> ScoreEvent:
        """Go on to the next chapter, and write it down.

        Raises:
            ConflictError: the user is in the last chapter.
            NotFoundError: there is no such user.
        """
        row = await self._row(SQL.advance_chapter, key=user_id)
        if row is None:
            await self.get(user_id)
            raise ConflictError("There is no chapter after this user's.")
        return made(ScoreEvent, row)

    def _made(self, row: Row) -> User:
        return made(User, row | {"metrics": made(Metrics, row) if row["user_id"] else None})
