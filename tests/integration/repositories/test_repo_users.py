"""Players and their scores (seed 002, T2 and AC-T13.3)."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

from shared.db import Database
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.score_history import ScoreHistoryRepository
from shared.repositories.users import Profile, User, UserRepository
from tests import nightshift
from tests.nightshift import Connection

METHODS = {"get", "get_by_telegram_id", "create", "update_score", "apply_decay", "advance_chapter"}


@pytest.fixture
def users(db: Database) -> UserRepository:
    return UserRepository(db)


async def test_ac_t2_1_a_user_comes_with_their_metrics(users: UserRepository, ann: User) -> None:
    """AC-T2.1: in one round trip."""
    found = await users.get(ann.id)
    assert found.metrics is not None
    assert (found.id, found.metrics.user_id, found.metrics.trust) == (ann.id, ann.id, Decimal("50.00"))


async def test_ac_t2_1_a_user_of_another_programs_may_have_none(users: UserRepository, conn: Connection) -> None:
    """AC-T2.1."""
    assert (await users.get(await nightshift.user(conn, 9))).metrics is None


async def test_ac_t2_1_there_is_no_such_user(users: UserRepository) -> None:
    """AC-T2.1."""
    with pytest.raises(NotFoundError):
        await users.get(uuid4())


async def test_ac_t2_2_a_telegram_account_finds_its_user_or_nobody(users: UserRepository, ann: User) -> None:
    """AC-T2.2."""
    assert await users.get_by_telegram_id(7) == ann
    assert await users.get_by_telegram_id(8) is None


async def test_ac_t2_3_a_user_begins_with_metrics_and_defaults(users: UserRepository) -> None:
    """AC-T2.3."""
    profile = Profile(telegram_id=1, email="a@b.org", phone="1", display_name="A", username="a", timezone="Asia/Tokyo")
    user = await users.create(profile)
    assert (user.telegram_id, user.email, user.phone, user.display_name, user.username, user.timezone) == (
        1,
        "a@b.org",
        "1",
        "A",
        "a",
        "Asia/Tokyo",
    )
    assert (user.relationship_score, user.chapter, user.game_status, user.days_played) == (Decimal(50), 1, "active", 0)
    assert user.metrics
    assert user.metrics.composite == 50


async def test_ac_t2_3_a_user_without_metrics_is_never_made(users: UserRepository, conn: Connection) -> None:
    """AC-T2.3: both or neither."""
    await conn.execute("alter table user_metrics add constraint never check (intimacy < 0) not valid")
    with pytest.raises(UnprocessableError):
        await users.create(Profile(telegram_id=1))
    cursor = await conn.execute("select count(*) as n from users")
    assert await cursor.fetchone() == {"n": 0}


async def test_ac_t2_3_a_telegram_account_has_one_user(users: UserRepository, ann: User) -> None:
    """AC-T2.3: of any number who make it at once, one does."""
    with pytest.raises(ConflictError):
        await users.create(Profile(telegram_id=7))
    made = await asyncio.gather(*(users.create(Profile(telegram_id=8)) for _ in range(6)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["ConflictError"] * 5 + ["User"]


async def test_a_conflict_does_not_spoil_the_transaction(db: Database, ann: User) -> None:
    async with db.transaction() as session:
        with pytest.raises(ConflictError):
            await UserRepository(session).create(Profile(telegram_id=7))
        assert await UserRepository(session).get(ann.id) == ann


@pytest.mark.parametrize(
    "profile",
    [
        Profile(timezone="Nowhere/Else"),
        Profile(email="a"),
        Profile(display_name="x" * 201),
        Profile(telegram_id=2**63),
    ],
)
async def test_a_profile_outside_the_rules_is_refused(users: UserRepository, profile: Profile) -> None:
    with pytest.raises(UnprocessableError):
        await users.create(profile)


async def test_a_profile_is_replaced_and_the_game_goes_on(users: UserRepository, ann: User) -> None:
    await users.update_score(ann.id, 5, "chat")
    changed = await users.update(ann.id, Profile(telegram_id=7, username="ann", notifications_enabled=False))
    assert (changed.username, changed.timezone, changed.notifications_enabled) == ("ann", "UTC", False)
    assert (changed.relationship_score, changed.metrics) == (Decimal(55), ann.metrics)


async def test_a_user_leaves(users: UserRepository, ann: User) -> None:
    await users.delete(ann.id)
    assert await users.get_by_telegram_id(7) is None


@pytest.mark.parametrize(
    ("delta", "score"), [("2.5", "52.50"), (0.1, "50.10"), (-3, "47.00"), (1000, "100.00"), (-1000, "0.00"), (0, "50")]
)
async def test_ac_t2_4_a_score_changes_with_its_history(
    db: Database, users: UserRepository, ann: User, delta: str | float, score: str
) -> None:
    """AC-T2.4."""
    event = await users.update_score(ann.id, delta, "chat", {"why": "a joke"})
    assert (event.score, event.chapter, event.event_type) == (Decimal(score), 1, "chat")
    assert event.event_details == {"why": "a joke"}
    assert (await users.get(ann.id)).relationship_score == Decimal(score)
    assert await ScoreHistoryRepository(db).get_history(ann.id) == [event]


async def test_ac_t2_4_neither_is_written_without_the_other(users: UserRepository, ann: User, conn: Connection) -> None:
    """AC-T2.4."""
    with pytest.raises(UnprocessableError):
        await users.update_score(ann.id, 5, "x" * 65)
    assert (await users.get(ann.id)).relationship_score == 50


@pytest.mark.parametrize("delta", ["NaN", float("inf"), "-Infinity", "many", ""])
async def test_ac_t2_4_a_change_is_a_number(users: UserRepository, ann: User, delta: str | float) -> None:
    """AC-T2.4."""
    with pytest.raises(UnprocessableError):
        await users.update_score(ann.id, delta, "chat")


async def test_ac_t2_4_a_score_is_somebodys(users: UserRepository) -> None:
    """AC-T2.4."""
    with pytest.raises(NotFoundError):
        await users.update_score(uuid4(), 1, "chat")


async def test_ac_t2_5_decay_takes_points_down_to_nothing_and_is_written_down(
    db: Database, users: UserRepository, ann: User
) -> None:
    """AC-T2.5."""
    first = await users.apply_decay(ann.id, Decimal("5.25"))
    second = await users.apply_decay(ann.id, 80)
    assert [(each.event_type, each.score) for each in (first, second)] == [("decay", Decimal("44.75")), ("decay", 0)]
    assert [first.event_details, second.event_details] == [{"points": 5.25}, {"points": 44.75}]
    assert (await users.get(ann.id)).relationship_score == 0
    assert await ScoreHistoryRepository(db).get_history(ann.id) == [second, first]


async def test_ac_t2_5_decay_gives_nothing(users: UserRepository, ann: User) -> None:
    """AC-T2.5."""
    with pytest.raises(UnprocessableError):
        await users.apply_decay(ann.id, -1)


async def test_ac_t2_6_the_next_chapter_is_written_down(db: Database, users: UserRepository, ann: User) -> None:
    """AC-T2.6."""
    await users.update_score(ann.id, 7, "chat")
    event = await users.advance_chapter(ann.id)
    assert (event.chapter, event.score, event.event_type) == (2, Decimal(57), "chapter")
    assert (await users.get(ann.id)).chapter == 2
    assert (await ScoreHistoryRepository(db).get_history(ann.id))[0] == event


async def test_ac_t2_6_there_is_nothing_after_the_last_chapter(users: UserRepository, ann: User) -> None:
    """AC-T2.6: however many ask for it at once."""
    moved = await asyncio.gather(*(users.advance_chapter(ann.id) for _ in range(7)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in moved) == ["ConflictError"] * 3 + ["ScoreEvent"] * 4
    assert (await users.get(ann.id)).chapter == 5
    with pytest.raises(NotFoundError):
        await users.advance_chapter(uuid4())


def test_ac_t13_3_each_of_the_six_methods_has_its_tests() -> None:
    """AC-T13.3."""
    tested = {name.split("_")[3] for name in globals() if name.startswith("test_ac_t2_")}
    assert tested == {"1", "2", "3", "4", "5", "6"}
    assert all(callable(getattr(UserRepository, name)) for name in METHODS)
