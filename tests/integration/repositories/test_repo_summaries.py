"""Players' days, told (seed 002, AC-T6.4 to AC-T6.6)."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shared.db import Database
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.summaries import DailySummaryRepository, SummaryData
from shared.repositories.users import Profile, User, UserRepository

DAY = date(2026, 3, 10)
PLAIN = SummaryData(score_start=Decimal(50), score_end=Decimal("48.5"), recap="A quiet day.")
CLAUDES = SummaryData(
    score_start=Decimal(50),
    score_end=Decimal(45),
    recap="You were away.",
    decay_applied=Decimal(5),
    conversations_count=2,
    key_events=[{"at": "08:00", "what": "a joke"}],
    written_by="claude",
    model="a-model",
    batch_id="a-batch",
    input_tokens=900,
    cache_creation_input_tokens=100,
    cache_read_input_tokens=2000,
    output_tokens=80,
    cost_usd=Decimal("0.001234"),
)


@pytest.fixture
def summaries(db: Database) -> DailySummaryRepository:
    return DailySummaryRepository(db)


@pytest.mark.parametrize("data", [PLAIN, CLAUDES])
async def test_ac_t6_4_a_day_is_told_with_all_that_is_known_of_it(
    summaries: DailySummaryRepository, ann: User, data: SummaryData
) -> None:
    """AC-T6.4."""
    made = await summaries.create(ann.id, DAY, data)
    assert (made.user_id, made.summary_date, list(made.key_events)) == (ann.id, DAY, list(data.key_events))
    for name in ("score_start", "score_end", "recap", "decay_applied", "conversations_count", "written_by", "model"):
        assert getattr(made, name) == getattr(data, name)
    tokens = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    for name in ("batch_id", "cost_usd", *tokens):
        assert getattr(made, name) == getattr(data, name)


async def test_ac_t6_4_a_day_is_told_once(summaries: DailySummaryRepository, ann: User) -> None:
    """AC-T6.4: of any number who tell it at once, one does."""
    told = await asyncio.gather(*(summaries.create(ann.id, DAY, PLAIN) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in told) == ["ConflictError"] * 3 + ["DailySummary"]
    with pytest.raises(ConflictError):
        await summaries.create(ann.id, DAY, CLAUDES)


@pytest.mark.parametrize(
    "data", [replace(PLAIN, recap=""), replace(PLAIN, model="m"), replace(PLAIN, score_end=Decimal(101))]
)
async def test_ac_t6_4_what_is_outside_the_rules_is_refused(
    summaries: DailySummaryRepository, ann: User, data: SummaryData
) -> None:
    """AC-T6.4."""
    with pytest.raises(UnprocessableError):
        await summaries.create(ann.id, DAY, data)


async def test_ac_t6_5_a_day_has_its_summary_or_none(
    db: Database, summaries: DailySummaryRepository, ann: User
) -> None:
    """AC-T6.5."""
    made = await summaries.create(ann.id, DAY, PLAIN)
    other = await UserRepository(db).create(Profile())
    assert await summaries.get_by_date(ann.id, DAY) == made == await summaries.get(made.id)
    assert await summaries.get_by_date(ann.id, DAY + timedelta(days=1)) is None
    assert await summaries.get_by_date(other.id, DAY) is None


async def test_ac_t6_6_days_from_one_to_another_both_included(summaries: DailySummaryRepository, ann: User) -> None:
    """AC-T6.6."""
    days = [DAY + timedelta(days=number) for number in range(5)]
    for day in reversed(days):
        await summaries.create(ann.id, day, PLAIN)
    assert [each.summary_date for each in await summaries.get_range(ann.id, days[1], days[3])] == days[1:4]
    assert await summaries.get_range(ann.id, days[3], days[1]) == []


async def test_summaries_are_somebodys(db: Database, summaries: DailySummaryRepository, ann: User) -> None:
    await UserRepository(db).delete(ann.id)
    with pytest.raises(NotFoundError):
        await summaries.create(ann.id, DAY, PLAIN)
