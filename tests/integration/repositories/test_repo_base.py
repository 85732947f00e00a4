"""What all repositories share (seed 002, T1, T13 and T14.1).

The seed's unit tests work on a mock of the session (AC-T13.2, AC-T13.6). Here every test has a database of its own on a
real server instead: what a statement does is the behaviour, and a mock would answer whatever its test expects.
"""

from pathlib import Path
from uuid import uuid4

import pytest

from shared.db import Database
from shared.errors import ConflictError, NotFoundError, UnprocessableError
from shared.repositories.base import Repository
from shared.repositories.conversations import ConversationRepository
from shared.repositories.metrics import MetricsRepository
from shared.repositories.registrations import RegistrationRepository
from shared.repositories.score_history import ScoreHistoryRepository
from shared.repositories.users import Profile, User, UserRepository
from shared.repositories.vices import VicePreferenceRepository
from tests.nightshift import Connection

NUL = "a\x00b"
HALF = "\ud800"  # half of a character beyond the first 65,536


def test_ac_t1_1_ac_t1_2_a_repository_takes_a_session_and_shows_it(db: Database) -> None:
    """AC-T1.1, AC-T1.2."""
    assert Repository[User](db).session is db
    assert UserRepository(db).session is db


async def test_ac_t1_1_in_a_transaction_it_is_a_part_of_it(db: Database) -> None:
    """AC-T1.1."""
    users = UserRepository(db)
    async with db.transaction() as session:
        user = await UserRepository(session).create(Profile())
        with pytest.raises(NotFoundError):
            await users.get(user.id)
    assert await users.get(user.id) == user


async def test_ac_t1_3_get_create_update_and_delete_are_generic(db: Database) -> None:
    """AC-T1.3: an entity has those of the four that its `.sql` file names."""
    vices, owner = VicePreferenceRepository(db), await UserRepository(db).create(Profile())
    made = await vices.create(user_id=owner.id, category="vanity")
    assert await vices.get(made.id) == made
    assert (await vices.update(made.id, delta=2)).intensity_level == 3
    await vices.delete(made.id)
    with pytest.raises(NotFoundError):
        await vices.get(made.id)
    with pytest.raises(NotFoundError):
        await vices.delete(made.id)


async def test_ac_t1_3_history_cannot_be_changed_afterwards(db: Database) -> None:
    """AC-T1.3: there is no statement that would."""
    history = ScoreHistoryRepository(db)
    with pytest.raises(AttributeError, match="names no statement `update`"):
        await history.update(1, score=50)
    with pytest.raises(AttributeError, match="names no statement `delete`"):
        await history.delete(1)


async def test_a_column_that_is_newer_than_the_code_does_no_harm(db: Database, conn: Connection, ann: User) -> None:
    await conn.execute("alter table users add column nickname text default 'x'")
    assert await UserRepository(db).get(ann.id) == ann


async def test_reading_survives_a_connection_that_the_server_closed(db: Database, conn: Connection, ann: User) -> None:
    await conn.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '' "
        "and datname = current_database() and pid <> pg_backend_pid()"
    )
    assert await UserRepository(db).get(ann.id) == ann


async def test_what_belongs_to_nobody_is_refused(db: Database) -> None:
    nobody = uuid4()
    for call in (
        UserRepository(db).get(nobody),
        UserRepository(db).update(nobody, Profile()),
        MetricsRepository(db).get(nobody),
        ConversationRepository(db).create(nobody, "telegram"),
        VicePreferenceRepository(db).discover(nobody, "vanity"),
        ScoreHistoryRepository(db).log_event(nobody, 50, 1, "chat"),
    ):
        with pytest.raises(NotFoundError):
            await call


@pytest.mark.parametrize("text", [NUL, HALF])
async def test_a_text_that_no_database_takes_is_refused_without_being_quoted(
    db: Database, ann: User, text: str
) -> None:
    talk = await ConversationRepository(db).create(ann.id, "telegram")
    for call in (
        ConversationRepository(db).append_message(talk.id, "user", text),
        VicePreferenceRepository(db).discover(ann.id, text),
        UserRepository(db).create(Profile(display_name=text)),
    ):
        with pytest.raises(UnprocessableError) as raised:
            await call
        assert text not in str(raised.value.problem())


async def test_an_error_names_the_constraint_and_no_values(db: Database, ann: User) -> None:
    bob = await UserRepository(db).create(Profile(telegram_id=8))
    with pytest.raises(UnprocessableError) as unfit:
        await UserRepository(db).create(Profile(phone="0" * 33))
    assert unfit.value.extra == {"constraint": "users_phone_length"}
    assert unfit.value.__suppress_context__
    with pytest.raises(ConflictError) as taken:
        await UserRepository(db).update(bob.id, Profile(telegram_id=7))
    assert taken.value.extra == {"constraint": "users_telegram_id_key"}


async def test_records_hide_what_is_personal(db: Database) -> None:
    user = await UserRepository(db).create(Profile(email="ann@example.org", phone="123", display_name="Ann"))
    waiting = await RegistrationRepository(db).create(7, "ann@example.org")
    assert not any(secret in repr((user, waiting)) for secret in ("ann@", "123'", "Ann"))


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_limit_has_limits(db: Database, ann: User, limit: int) -> None:
    for call in (
        ScoreHistoryRepository(db).get_history(ann.id, limit),
        ConversationRepository(db).get_recent(ann.id, limit),
        ConversationRepository(db).search(ann.id, "x", limit),
    ):
        with pytest.raises(UnprocessableError):
            await call


async def test_every_call_is_one_round_trip(db: Database) -> None:
    users, talks = UserRepository(db), ConversationRepository(db)
    before = db.round_trips
    user = await users.create(Profile(telegram_id=1))
    await users.get(user.id)
    await users.update_score(user.id, 1, "chat")
    await users.apply_decay(user.id, 1)
    await users.advance_chapter(user.id)
    talk = await talks.create(user.id, "telegram")
    await talks.append_message(talk.id, "user", "hello")
    await talks.close_conversation(talk.id, 1)
    await ScoreHistoryRepository(db).get_daily_stats(user.id, user.created_at.date())
    await MetricsRepository(db).calculate_composite(user.id)
    assert db.round_trips - before == 10


def test_ac_t13_1_each_repository_has_its_test_file() -> None:
    """AC-T13.1."""
    here = Path(__file__).parent
    folder = Path(__file__).parents[3] / "shared" / "repositories"
    entities = {path.stem for path in folder.glob("*.sql")} - {
        "devices",
        "emails",
        "notices",
    }  # these have tests of their own kind
    assert entities == {
        "conversations",
        "embeddings",
        "metrics",
        "registrations",
        "score_history",
        "summaries",
        "users",
        "vices",
    }
    assert {path.stem.removeprefix("test_repo_") for path in here.glob("test_repo_*.py")} >= entities


async def test_ac_t14_1_tests_work_on_a_real_database(conn: Connection) -> None:
    """AC-T14.1: of the test's own, with what Supabase's has: its roles, and the schema `auth`."""
    cursor = await conn.execute(
        "select current_database() like 'test_%%' as own, to_regprocedure('auth.uid()') is not null as auth, "
        "(select count(*) from pg_roles where rolname in ('anon', 'authenticated', 'service_role')) as roles",
        [],
    )
    assert await cursor.fetchone() == {"own": True, "auth": True, "roles": 3}
