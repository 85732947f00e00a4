"""What became of a player's day, told in the morning."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from shared import sql
from shared.repositories.base import Repository

SQL = sql.beside(__file__, "summaries.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryData:
    """What a summary says, and what it cost.

    Attributes:
        decay_applied: points that were taken that day, never negative.
        model, batch_id: Claude's, and that of the message batch that it came with; a template has neither.
        input_tokens: at the full price; cached ones are counted by themselves.
        cost_usd: in US dollars, with six decimals.
    """

    score_start: Decimal
    score_end: Decimal
    recap: str = field(repr=False)
    decay_applied: Decimal = Decimal()
    conversations_count: int = 0
    key_events: Sequence[Any] = field(default=(), repr=False)
    written_by: Literal["claude", "template"] = "template"
    model: str | None = None
    batch_id: str | None = None
    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal()


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySummary(SummaryData):
    """The summary of one day of the user's own time zone."""

    id: UUID
    user_id: UUID
    summary_date: date
    created_at: datetime


class DailySummaryRepository(Repository[DailySummary]):
    noun, statements, record = "summary", SQL, DailySummary

    async def create(self, user_id: UUID, day: date, data: SummaryData) -> DailySummary:
        """The summary of a day that has none.

        Raises:
            ConflictError: the day has its summary.
            NotFoundError: there is no such user.
            UnprocessableError: a value is outside the rules.
        """
        values: Mapping[str, Any] = asdict(data) | {"key_events": json.dumps(list(data.key_events))}
        return await super().create(user_id=user_id, summary_date=day, **values)

    async def get_by_date(self, user_id: UUID, day: date) -> DailySummary | None:
        return next(iter(await self.get_range(user_id, day, day)), None)

    async def get_range(self, user_id: UUID, start: date, end: date) -> list[DailySummary]:
        """The summaries of the days from `start` to `end`, both included, the oldest first."""
        return await self._many(SQL.get_range, user_id=user_id, start=start, end=end)
