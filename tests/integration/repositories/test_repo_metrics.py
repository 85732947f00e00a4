"""A player's four measures (seed 002, T3)."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from shared.db import Database
from shared.errors import NotFoundError, UnprocessableError
from shared.repositories.metrics import WEIGHTS, MetricsRepository
from shared.repositories.users import User


@pytest.fixture
def metrics(db: Database) -> MetricsRepository:
    return MetricsRepository(db)


async def test_ac_t3_1_a_users_metrics(metrics: MetricsRepository, ann: User) -> None:
    """AC-T3.1."""
    assert await metrics.get(ann.id) == ann.metrics
    with pytest.raises(NotFoundError):
        await metrics.get(uuid4())


async def test_ac_t3_2_each_changes_by_its_own_delta_within_bounds(metrics: MetricsRepository, ann: User) -> None:
    """AC-T3.2."""
    changed = await metrics.update_metrics(ann.id, intimacy_delta="1.25", passion_delta=-60, trust_delta=60.0)
    assert (changed.intimacy, changed.passion, changed.trust, changed.secureness) == (
        Decimal("51.25"),
        Decimal(0),
        Decimal(100),
        Decimal(50),
    )
    assert await metrics.get(ann.id) == changed


async def test_ac_t3_2_changes_at_the_same_time_are_all_kept(metrics: MetricsRepository, ann: User) -> None:
    """AC-T3.2."""
    await asyncio.gather(*(metrics.update_metrics(ann.id, trust_delta=1, secureness_delta=-1) for _ in range(20)))
    found = await metrics.get(ann.id)
    assert (found.trust, found.secureness) == (Decimal(70), Decimal(30))


async def test_ac_t3_2_a_delta_is_a_number_and_somebodys(metrics: MetricsRepository, ann: User) -> None:
    """AC-T3.2."""
    with pytest.raises(UnprocessableError):
        await metrics.update_metrics(ann.id, trust_delta="NaN")
    with pytest.raises(NotFoundError):
        await metrics.update_metrics(uuid4(), trust_delta=1)


@pytest.mark.parametrize(
    ("measure", "composite"), [("intimacy", 65), ("passion", "62.5"), ("trust", "62.5"), ("secureness", 60)]
)
async def test_ac_t3_3_the_composite_weighs_the_four(
    metrics: MetricsRepository, ann: User, measure: str, composite: str | int
) -> None:
    """AC-T3.3: 0.30, 0.25, 0.25 and 0.20."""
    assert await metrics.calculate_composite(ann.id) == 50
    await metrics.update(ann.id, **(dict.fromkeys(WEIGHTS, 0) | {measure: 50}))
    assert await metrics.calculate_composite(ann.id) == Decimal(composite)


async def test_ac_t3_3_the_composite_has_two_decimals(metrics: MetricsRepository, ann: User) -> None:
    """AC-T3.3: rounded as the database rounds, halves up."""
    await metrics.update_metrics(ann.id, passion_delta="0.02")
    assert await metrics.calculate_composite(ann.id) == Decimal("50.01")
    assert sum(WEIGHTS.values()) == 1
