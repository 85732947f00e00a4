"""Messages as points, and their neighbours (spec, section 6)."""

from uuid import UUID

import pytest

from shared.db import Database
from shared.errors import NotFoundError, UnprocessableError
from shared.repositories.conversations import ConversationRepository
from shared.repositories.embeddings import DIMENSIONS, EmbeddingRepository, point
from shared.repositories.users import Profile, User, UserRepository


@pytest.fixture
def embeddings(db: Database) -> EmbeddingRepository:
    return EmbeddingRepository(db)


@pytest.fixture
async def talk(db: Database, ann: User) -> UUID:
    return (await ConversationRepository(db).create(ann.id, "telegram")).id


def at(*start: float) -> list[float]:
    return [*start, *[0.0] * (DIMENSIONS - len(start))]


async def test_the_nearest_messages_come_first(embeddings: EmbeddingRepository, ann: User, talk: UUID) -> None:
    for text, where in (("opposite", at(-1)), ("same", at(2.5)), ("square", at(0, 1e-3))):
        made = await embeddings.add(ann.id, talk, "user", text, where)
        assert (made.user_id, made.conversation_id, made.message_text) == (ann.id, talk, text)
    near = await embeddings.nearest(ann.id, at(1), limit=2)
    assert [(each.message_text, round(each.distance, 3)) for each in near] == [("same", 0), ("square", 1)]


async def test_nobody_finds_what_others_said(
    db: Database, embeddings: EmbeddingRepository, ann: User, talk: UUID
) -> None:
    await embeddings.add(ann.id, talk, "user", "hello", at(1))
    other = await UserRepository(db).create(Profile())
    assert await embeddings.nearest(other.id, at(1)) == []
    with pytest.raises(NotFoundError):
        await embeddings.add(other.id, talk, "user", "hello", at(1))


@pytest.mark.parametrize("numbers", [[], [1.0], [*at(1), 1.0], at(float("nan")), at(float("inf"))])
async def test_a_point_has_its_size_and_finite_numbers(
    embeddings: EmbeddingRepository, ann: User, talk: UUID, numbers: list[float]
) -> None:
    with pytest.raises(UnprocessableError):
        await embeddings.add(ann.id, talk, "user", "hello", numbers)
    with pytest.raises(UnprocessableError):
        await embeddings.nearest(ann.id, numbers)


async def test_a_point_is_taken_back(embeddings: EmbeddingRepository, ann: User, talk: UUID) -> None:
    made = await embeddings.add(ann.id, talk, "user", "hello", at(1))
    await embeddings.delete(made.id)
    assert await embeddings.nearest(ann.id, at(1)) == []


async def test_a_point_arrives_number_by_number(db: Database) -> None:
    numbers = [number / 8 - 50 for number in range(DIMENSIONS)]
    assert await db.row(b"select %(it)s::real[] as it", it=point(numbers)) == {"it": numbers}


async def test_a_point_may_be_of_whole_numbers_and_too_large_for_the_database(
    embeddings: EmbeddingRepository, ann: User, talk: UUID
) -> None:
    assert await embeddings.add(ann.id, talk, "user", "hello", [1] * DIMENSIONS)
    with pytest.raises(UnprocessableError):
        await embeddings.add(ann.id, talk, "user", "hello", at(1e300))
