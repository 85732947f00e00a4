"""What players have a taste for (seed 002, AC-T6.1 to AC-T6.3)."""

import asyncio
from uuid import uuid4

import pytest

from shared.db import Database
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.users import User
from shared.repositories.vices import VicePreferenceRepository


@pytest.fixture
def vices(db: Database) -> VicePreferenceRepository:
    return VicePreferenceRepository(db)


async def test_ac_t6_1_a_users_preferences_the_strongest_first(vices: VicePreferenceRepository, ann: User) -> None:
    """AC-T6.1: every one that is known is active."""
    assert await vices.get_active(ann.id) == []
    for category, delta in (("vanity", 0), ("risk", 3), ("sloth", 1)):
        await vices.update_intensity((await vices.discover(ann.id, category)).id, delta)
    assert [(each.category, each.intensity_level) for each in await vices.get_active(ann.id)] == [
        ("risk", 4),
        ("sloth", 2),
        ("vanity", 1),
    ]


@pytest.mark.parametrize(("delta", "level"), [(2, 3), (99, 5), (-99, 1), (0, 1)])
async def test_ac_t6_2_intensity_stays_from_one_to_five(
    vices: VicePreferenceRepository, ann: User, delta: int, level: int
) -> None:
    """AC-T6.2."""
    vice = await vices.discover(ann.id, "vanity")
    assert (await vices.update_intensity(vice.id, delta)).intensity_level == level


async def test_ac_t6_2_changes_at_the_same_time_are_all_kept(vices: VicePreferenceRepository, ann: User) -> None:
    """AC-T6.2."""
    vice = await vices.discover(ann.id, "vanity")
    await asyncio.gather(*(vices.update_intensity(vice.id, 1) for _ in range(3)))
    assert (await vices.get(vice.id)).intensity_level == 4


async def test_ac_t6_2_there_is_no_such_preference(vices: VicePreferenceRepository) -> None:
    """AC-T6.2."""
    with pytest.raises(NotFoundError):
        await vices.update_intensity(uuid4(), 1)


async def test_ac_t6_3_a_taste_is_discovered_once(vices: VicePreferenceRepository, ann: User) -> None:
    """AC-T6.3."""
    vice = await vices.discover(ann.id, "vanity")
    assert (vice.user_id, vice.category, vice.intensity_level) == (ann.id, "vanity", 1)
    assert vice.engagement_score == 0
    with pytest.raises(ConflictError):
        await vices.discover(ann.id, "vanity")
    with pytest.raises(UnprocessableError):
        await vices.discover(ann.id, "")
