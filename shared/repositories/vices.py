"""What a player turns out to have a taste for."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from shared import sql
from shared.repositories.base import Repository

SQL = sql.beside(__file__, "vices.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class VicePreference:
    """One taste of one user.

    Attributes:
        intensity_level: from 1 to 5.
        engagement_score: from 0 to 100, with two decimals.
    """

    id: UUID
    user_id: UUID
    category: str
    intensity_level: int
    engagement_score: Decimal
    discovered_at: datetime
    updated_at: datetime


class VicePreferenceRepository(Repository[VicePreference]):
    noun, statements, record = "vice preference", SQL, VicePreference

    async def get_active(self, user_id: UUID) -> list[VicePreference]:
        """A user's preferences, the strongest first. One that is known is active: the least intensity is 1."""
        return await self._many(SQL.get_active, user_id=user_id)

    async def update_intensity(self, preference_id: UUID, delta: int) -> VicePreference:
        """Add to the intensity, within 1 to 5, whatever others add at the same time.

        Raises:
            NotFoundError: there is no such preference.
        """
        return await self.update(preference_id, delta=delta)

    async def discover(self, user_id: UUID, category: str) -> VicePreference:
        """A new preference, of the least intensity.

        Raises:
            ConflictError: it is known already.
            NotFoundError: there is no such user.
            UnprocessableError: the category has no name of at most 64 characters.
        """
        return await self.create(user_id=user_id, category=category)
