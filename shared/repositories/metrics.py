"""How a player stands with Nikita, in four measures."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from shared import sql
from shared.repositories.base import Number, Repository, points

SQL = sql.beside(__file__, "metrics.sql")
WEIGHTS = {  # of the composite score; they make 1 (spec, section 6)
    "intimacy": Decimal("0.30"),
    "passion": Decimal("0.25"),
    "trust": Decimal("0.25"),
    "secureness": Decimal("0.20"),
}
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Each from 0 to 100, with two decimals."""

    user_id: UUID
    intimacy: Decimal
    passion: Decimal
    trust: Decimal
    secureness: Decimal

    @property
    def composite(self) -> Decimal:
        """The one score that the four make, from 0 to 100 with two decimals."""
        exact = sum((weight * getattr(self, name) for name, weight in WEIGHTS.items()), Decimal())
        return exact.quantize(CENT, ROUND_HALF_UP)


class MetricsRepository(Repository[Metrics]):
    """`get` takes a user's id."""

    noun, statements, record = "set of metrics", SQL, Metrics

    async def update_metrics(
        self,
        user_id: UUID,
        *,
        intimacy_delta: Number = 0,
        passion_delta: Number = 0,
        trust_delta: Number = 0,
        secureness_delta: Number = 0,
    ) -> Metrics:
        """Add to each, within 0 to 100, whatever others add at the same time.

        Raises:
            NotFoundError: there is no such user.
            UnprocessableError: a delta is no finite number.
        """
        return await self.update(
            user_id,
            intimacy=points(intimacy_delta),
            passion=points(passion_delta),
            trust=points(trust_delta),
            secureness=points(secureness_delta),
        )

    async def calculate_composite(self, user_id: UUID) -> Decimal:
        """The composite score, from 0 to 100 with two decimals.

        Raises:
            NotFoundError: there is no such user.
        """
        return (await self.get(user_id)).composite
