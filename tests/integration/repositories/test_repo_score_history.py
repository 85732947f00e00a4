"""Scores over time (seed 002, T5; spec, section 6)."""

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.db import Database, Transaction
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.score_history import ScoreHistoryRepository
from shared.repositories.users import Profile, User, UserRepository
from shared.transactions import atomic
from tests.nightshift import Connection

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
Change = tuple[str, int]
changes = st.lists(
    st.tuples(st.sampled_from(["score", "decay", "chapter", "log", "taken back"]), st.integers(0, 120)), max_size=12
)


@pytest.fixture
def history(db: Database) -> ScoreHistoryRepository:
    return ScoreHistoryRepository(db)


async def at(conn: Connection, user: UUID, when: datetime, score: str) -> None:
    await conn.execute(
        "insert into score_history (user_id, score, chapter, event_type, recorded_at) values (%s, %s, 1, 'chat', %s)",
        [user, score, when],
    )


async def test_ac_t5_1_an_event_is_written_down_and_holds_from_then_on(
    history: ScoreHistoryRepository, db: Database, ann: User
) -> None:
    """AC-T5.1: the user's row says what the newest row of the history says."""
    event = await history.log_event(ann.id, "61.5", 3, "boss", {"won": True})
    assert (event.score, event.chapter, event.event_type) == (Decimal("61.50"), 3, "boss")
    assert event.event_details == {"won": True}
    user = await UserRepository(db).get(ann.id)
    assert (user.relationship_score, user.chapter) == (Decimal("61.50"), 3)


@pytest.mark.parametrize(
    ("score", "chapter", "kind"), [(101, 1, "x"), (-1, 1, "x"), (1, 6, "x"), (1, 0, "x"), (1, 1, "")]
)
async def test_ac_t5_1_an_event_outside_the_rules_is_refused(
    history: ScoreHistoryRepository, ann: User, score: int, chapter: int, kind: str
) -> None:
    """AC-T5.1."""
    with pytest.raises(UnprocessableError):
        await history.log_event(ann.id, score, chapter, kind)


async def test_ac_t5_2_the_newest_come_first_and_no_more_than_asked_for(
    history: ScoreHistoryRepository, db: Database, ann: User
) -> None:
    """AC-T5.2."""
    for number in range(5):
        await UserRepository(db).update_score(ann.id, 1, f"chat {number}")
    assert [each.event_type for each in await history.get_history(ann.id, 3)] == ["chat 4", "chat 3", "chat 2"]
    assert len(await history.get_history(ann.id)) == 5


async def test_ac_t5_2_a_history_is_one_users(history: ScoreHistoryRepository, db: Database, ann: User) -> None:
    """AC-T5.2."""
    other = await UserRepository(db).create(Profile())
    await UserRepository(db).update_score(other.id, 1, "chat")
    assert await history.get_history(ann.id) == []


async def test_ac_t5_3_a_day_is_summed_up_in_the_users_time_zone(
    history: ScoreHistoryRepository, conn: Connection, ann: User
) -> None:
    """AC-T5.3: Auckland's 10 March begins at 11:00 UTC on the 9th."""
    midnight = datetime(2026, 3, 9, 11, tzinfo=UTC)
    await at(conn, ann.id, midnight - timedelta(days=3), "40")
    await at(conn, ann.id, midnight - timedelta(milliseconds=1), "50")
    for hours, score in ((0, "52.5"), (1, "47"), (23, "49")):
        await at(conn, ann.id, midnight + timedelta(hours=hours), score)
    await at(conn, ann.id, midnight + timedelta(hours=24), "90")
    stats = await history.get_daily_stats(ann.id, DAY)
    assert (stats.events, stats.score_start, stats.score_end) == (3, Decimal(50), Decimal(49))
    assert (stats.lowest, stats.highest) == (Decimal(47), Decimal("52.5"))
    assert (stats.gained, stats.lost) == (Decimal("4.5"), Decimal("5.5"))


async def test_ac_t5_3_a_day_without_events_ends_as_it_began(
    history: ScoreHistoryRepository, conn: Connection, ann: User
) -> None:
    """AC-T5.3."""
    await at(conn, ann.id, NOON - timedelta(days=5), "40")
    stats = await history.get_daily_stats(ann.id, DAY)
    assert (stats.events, stats.score_start, stats.score_end, stats.lowest) == (0, Decimal(40), Decimal(40), None)
    assert (stats.gained, stats.lost) == (Decimal(0), Decimal(0))


async def test_ac_t5_3_of_a_first_day_it_is_not_known_how_it_began(
    history: ScoreHistoryRepository, conn: Connection, ann: User
) -> None:
    """AC-T5.3."""
    await at(conn, ann.id, NOON - timedelta(hours=12), "55")
    await at(conn, ann.id, NOON - timedelta(hours=11), "56")
    stats = await history.get_daily_stats(ann.id, DAY)
    assert (stats.score_start, stats.score_end, stats.gained) == (None, Decimal(56), Decimal(1))
    with pytest.raises(NotFoundError):
        await history.get_daily_stats(uuid4(), DAY)


async def changed(db: Database, user: UUID, change: Change) -> None:
    """One change of whatever kind; the last chapter has none after it."""
    kind, number = change
    users = UserRepository(db)
    if kind == "score":
        await users.update_score(user, number - 60, "chat")
    elif kind == "decay":
        await users.apply_decay(user, number)
    elif kind == "log":
        await ScoreHistoryRepository(db).log_event(user, number % 101, number % 5 + 1, "boss")
    elif kind == "chapter":
        with contextlib.suppress(ConflictError):
            await users.advance_chapter(user)
    else:
        await taken_back(db, user, number)


async def taken_back(db: Database, user: UUID, number: int) -> None:
    @atomic
    async def regretted(session: Transaction) -> None:
        await UserRepository(session).update_score(user, number, "never")
        raise LookupError

    with pytest.raises(LookupError):
        await regretted(db)


async def agree(db: Database, user: UUID) -> bool:
    """Whether the user's row and the newest row of the history say the same."""
    found, told = await UserRepository(db).get(user), await ScoreHistoryRepository(db).get_history(user, 1)
    return not told or (found.relationship_score, found.chapter) == (told[0].score, told[0].chapter)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=changes)
async def test_after_any_changes_the_score_is_the_historys_last(database_url: str, some: list[Change]) -> None:
    db = Database(database_url, pool_max=1)
    user = await UserRepository(db).create(Profile())
    for change in some:
        await changed(db, user.id, change)
        assert await agree(db, user.id)
    await db.close()


async def test_after_changes_at_the_same_time_too(db: Database, ann: User) -> None:
    source = Random(1)  # noqa: S311
    kinds = [source.choice(["score", "decay", "chapter", "log", "taken back"]) for _ in range(80)]
    await asyncio.gather(*(changed(db, ann.id, (kind, source.randint(0, 120))) for kind in kinds))
    assert await agree(db, ann.id)
    events = await ScoreHistoryRepository(db).get_history(ann.id, 1000)
    assert len(events) > 40
    assert "never" not in {event.event_type for event in events}
