"""Telegram accounts that wait for their email (seed 002, T18; spec, section 6)."""

import asyncio
from datetime import timedelta

import pytest

from shared.db import Database
from shared.errors import NotFoundError, UnprocessableError
from shared.repositories.registrations import RegistrationRepository
from tests.nightshift import Connection

OLDER = """
update pending_registrations
set created_at = created_at - %(age)s::interval, expires_at = expires_at - %(age)s::interval where telegram_id = 7
"""


@pytest.fixture
def waiting(db: Database) -> RegistrationRepository:
    return RegistrationRepository(db)


async def test_ac_t18_4_ac_t18_6_a_registration_waits_for_ten_minutes(waiting: RegistrationRepository) -> None:
    """AC-T18.4, AC-T18.6."""
    made = await waiting.create(7, "Ann@Example.org")
    assert (made.telegram_id, made.email) == (7, "Ann@example.org")
    assert made.expires_at - made.created_at == timedelta(minutes=10)
    assert await waiting.get(7) == made


async def test_a_registration_is_taken_by_one(waiting: RegistrationRepository) -> None:
    made = await waiting.create(7, "a@example.org")
    taken = await asyncio.gather(*(waiting.take(7) for _ in range(4)))
    assert [each for each in taken if each] == [made]
    assert await waiting.take(7) is None


async def test_whoever_begins_again_has_ten_minutes_again(waiting: RegistrationRepository, conn: Connection) -> None:
    await waiting.create(7, "a@example.org")
    await conn.execute(OLDER, {"age": "9 minutes"})
    again = await waiting.create(7, "b@example.org")
    assert again.expires_at - again.created_at == timedelta(minutes=10)
    assert await waiting.take(7) == again


async def test_what_ran_out_is_not_there_and_goes(waiting: RegistrationRepository, conn: Connection) -> None:
    await waiting.create(7, "a@example.org")
    await waiting.create(8, "b@example.org")
    await conn.execute(OLDER, {"age": "10 minutes"})
    assert await waiting.take(7) is None
    with pytest.raises(NotFoundError):
        await waiting.get(7)
    assert [await waiting.delete_expired(), await waiting.delete_expired()] == [1, 0]
    assert await waiting.take(8)


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a@example.org\n", "x" * 250 + "@example.org"])
async def test_an_address_is_one(waiting: RegistrationRepository, email: str) -> None:
    with pytest.raises(UnprocessableError) as raised:
        await waiting.create(7, email)
    assert not email or email not in raised.value.detail


async def test_a_registration_is_withdrawn(waiting: RegistrationRepository) -> None:
    await waiting.create(7, "a@example.org")
    await waiting.delete(7)
    assert await waiting.take(7) is None
