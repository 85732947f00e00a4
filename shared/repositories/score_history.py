"""Scores over time: each change as it happened, the newest one being the score that the user has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared import sql
from shared.repositories.base import Number, Repository, bounded, made, points

SQL = sql.beside(__file__, "score_history.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEvent:
    """The score and the chapter after one change. A later one has a greater id."""

    id: int
    user_id: UUID
    score: Decimal
    chapter: int
    event_type: str
    event_details: Mapping[str, Any]
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyStats:
    """One day of a user's own time zone.

    Attributes:
        score_start: when the day began; None where nothing had been written by then.
        score_end: after its last event; where it had none, as it began.
        gained, lost: the sums of the changes up and down, both positive. A change from an unknown score is in neither.
    """

    events: int
    score_start: Decimal | None
    score_end: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    gained: Decimal
    lost: Decimal


class ScoreHistoryRepository(Repository[ScoreEvent]):
    noun, statements, record = "score event", SQL, ScoreEvent

    async def log_event(
        self,
        user_id: UUID,
        score: Number,
        chapter: int,
        event_type: str,
        event_details: Mapping[str, Any] | None = None,
    ) -> ScoreEvent:
        """Write down what a user's score and chapter are from now on: the user's row says the same afterwards.

        `UserRepository.update_score` is for changes by so many points.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: the score is not from 0 to 100, the chapter not from 1 to 5.
        """
        details = json.dumps(dict(event_details or {}))
        event: dict[str, Any] = {
            "score": points(score),
            "chapter": chapter,
            "event_type": event_type,
            "details": details,
        }
        return self._found(await self._one(SQL.log_event, user_id=user_id, **event))

    async def get_history(self, user_id: UUID, limit: int = 50) -> list[ScoreEvent]:
        """The newest events of a user, newest first."""
        return await self._many(SQL.get_history, user_id=user_id, limit=bounded(limit))

    async def get_daily_stats(self, user_id: UUID, day: date) -> DailyStats:
        """What became of a user's score on a day of their own time zone.

        Raises:
            NotFoundError: there is no such user.
        """
        row = await self._row(SQL.get_daily_stats, repeatable=True, user_id=user_id, day=day)
        return made(DailyStats, self._found(row))
