"""What players and Nikita say to each other (seed 002, T4 and AC-T13.4)."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from shared.db import Database
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.conversations import ConversationRepository
from shared.repositories.users import Profile, User, UserRepository

MORNING = datetime(2026, 3, 10, 8, tzinfo=UTC)


@pytest.fixture
def talks(db: Database) -> ConversationRepository:
    return ConversationRepository(db)


async def said(talks: ConversationRepository, user: UUID, *texts: str, ended: bool = False) -> UUID:
    """A conversation in which these texts were said; its id."""
    talk = await talks.create(user, "telegram")
    for text in texts:
        await talks.append_message(talk.id, "user", text)
    if ended:
        await talks.close_conversation(talk.id, 0)
    return talk.id


async def found(talks: ConversationRepository, user: UUID, query: str) -> list[UUID]:
    return [talk.id for talk in await talks.search(user, query)]


async def test_ac_t4_1_a_conversation_begins(db: Database, talks: ConversationRepository, ann: User) -> None:
    """AC-T4.1: in the chapter that the user is in."""
    await UserRepository(db).advance_chapter(ann.id)
    talk = await talks.create(ann.id, "telegram", MORNING, is_boss_fight=True)
    assert (talk.user_id, talk.platform, talk.started_at, talk.is_boss_fight) == (ann.id, "telegram", MORNING, True)
    assert (talk.messages, talk.ended_at, talk.score_delta, talk.chapter_at_time) == ([], None, None, 2)
    assert await talks.get(talk.id) == talk


async def test_ac_t4_1_without_a_time_it_begins_now(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.1."""
    talk = await talks.create(ann.id, "voice")
    assert ann.created_at < talk.started_at <= datetime.now(UTC)
    with pytest.raises(UnprocessableError):
        await talks.create(ann.id, "")


async def test_ac_t4_2_ac_t13_4_a_message_is_added_at_the_end(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.2, AC-T13.4: whatever is in it comes back."""
    talk = await talks.create(ann.id, "telegram")
    odd = '"; drop table users; -- \\ {} %s 🦢\n'
    assert await talks.append_message(talk.id, "user", "hello") == 1
    assert await talks.append_message(talk.id, "nikita", odd, {"mood": ["wry"], "trust": 0.5}) == 2
    first, second = (await talks.get(talk.id)).messages
    assert (first["role"], first["content"], "analysis" in first) == ("user", "hello", False)
    assert (second["role"], second["content"]) == ("nikita", odd)
    assert second["analysis"] == {"mood": ["wry"], "trust": 0.5}
    assert datetime.fromisoformat(first["at"]) <= datetime.fromisoformat(second["at"])


async def test_ac_t4_2_ac_t13_4_messages_at_the_same_time_are_all_kept(
    talks: ConversationRepository, ann: User
) -> None:
    """AC-T4.2, AC-T13.4."""
    talk = await talks.create(ann.id, "telegram")
    counts = await asyncio.gather(*(talks.append_message(talk.id, "user", str(n)) for n in range(20)))
    assert sorted(counts) == list(range(1, 21))
    assert {each["content"] for each in (await talks.get(talk.id)).messages} == {str(n) for n in range(20)}


async def test_ac_t4_2_nothing_is_added_to_what_has_ended_or_never_was(
    talks: ConversationRepository, ann: User
) -> None:
    """AC-T4.2."""
    ended = await said(talks, ann.id, "bye", ended=True)
    with pytest.raises(ConflictError):
        await talks.append_message(ended, "user", "one more")
    with pytest.raises(NotFoundError):
        await talks.append_message(uuid4(), "user", "hello")


async def test_ac_t4_3_the_last_conversations_newest_first(
    db: Database, talks: ConversationRepository, ann: User
) -> None:
    """AC-T4.3: ten where no number is given."""
    for hour in range(12):
        await talks.create(ann.id, "telegram", MORNING + timedelta(hours=hour))
    await talks.create((await UserRepository(db).create(Profile())).id, "telegram")
    assert [each.started_at.hour for each in await talks.get_recent(ann.id, 2)] == [19, 18]
    assert len(await talks.get_recent(ann.id)) == 10


async def test_ac_t4_4_words_are_found_as_soon_as_they_are_said(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.4."""
    heron = await said(talks, ann.id, "a heron in the rain", "over Zürich")
    swan = await said(talks, ann.id, "a swan in the rain")
    assert await found(talks, ann.id, "heron zürich") == [heron]
    assert await found(talks, ann.id, "rain") == [swan, heron]
    assert await found(talks, ann.id, '"in the rain" -swan') == [heron]
    assert await found(talks, ann.id, "heron or swan") == [swan, heron]
    assert len(await talks.search(ann.id, "rain", limit=1)) == 1


async def test_ac_t4_4_only_the_users_own_are_searched(db: Database, talks: ConversationRepository, ann: User) -> None:
    """AC-T4.4."""
    await said(talks, ann.id, "a heron", ended=True)
    other = await UserRepository(db).create(Profile())
    assert await found(talks, other.id, "heron") == []


async def test_ac_t4_4_parts_of_words_are_found_in_what_has_ended(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.4."""
    ended = await said(talks, ann.id, "We met in Zürich", ended=True)
    await said(talks, ann.id, "We met in Zürich")
    assert await found(talks, ann.id, " üRIC ") == [ended]


@pytest.mark.parametrize("query", ["", "  ", "et", "100%", "m_t", "\\", "'", "((", "& |", "%", "nowhere"])
async def test_ac_t4_4_a_query_means_only_what_it_says(talks: ConversationRepository, ann: User, query: str) -> None:
    """AC-T4.4: nothing in it is an operator of the database's."""
    await said(talks, ann.id, "We met, 1000 of us", ended=True)
    assert await found(talks, ann.id, query) == []


async def test_ac_t4_4_what_a_pattern_would_mean_is_found_as_a_text(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.4."""
    ended = await said(talks, ann.id, r"it costs 100%_off, or C:\dir", ended=True)
    assert [await found(talks, ann.id, part) for part in ("100%_o", r"C:\d")] == [[ended]] * 2


async def test_ac_t4_5_a_conversation_ends_once_with_its_points(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.5."""
    talk = await talks.create(ann.id, "telegram")
    ended = await talks.close_conversation(talk.id, "-2.5")
    assert (ended.score_delta, await talks.get(talk.id)) == (Decimal("-2.50"), ended)
    assert ended.ended_at is not None
    assert ended.ended_at >= ended.started_at
    with pytest.raises(ConflictError):
        await talks.close_conversation(talk.id, 1)
    with pytest.raises(NotFoundError):
        await talks.close_conversation(uuid4(), 1)


async def test_ac_t4_5_points_are_a_number_that_fits(talks: ConversationRepository, ann: User) -> None:
    """AC-T4.5."""
    talk = await talks.create(ann.id, "telegram", datetime.now(UTC) + timedelta(hours=1))
    for points in ("NaN", 1000):
        with pytest.raises(UnprocessableError):
            await talks.close_conversation(talk.id, points)
    ended = await talks.close_conversation(talk.id, 1)
    assert ended.ended_at == ended.started_at


async def test_a_conversation_is_deleted(talks: ConversationRepository, ann: User) -> None:
    talk = await said(talks, ann.id, "hello")
    await talks.delete(talk)
    assert await talks.get_recent(ann.id) == []
