"""The repositories in a FastAPI application, on a real database (seed 002, T7)."""

import inspect
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from shared.db import Database, Transaction
from shared.errors import NightshiftError
from shared.repositories import depends
from shared.repositories.conversations import ConversationRepository
from shared.repositories.depends import Session, get_conversation_repo, get_user_repo
from shared.repositories.users import Profile, UserRepository
from tests.nightshift import Connection

Users = Annotated[UserRepository, Depends(get_user_repo)]
Talks = Annotated[ConversationRepository, Depends(get_conversation_repo)]
REPOSITORIES = {
    "get_user_repo": "UserRepository",
    "get_metrics_repo": "MetricsRepository",
    "get_conversation_repo": "ConversationRepository",
    "get_score_history_repo": "ScoreHistoryRepository",
    "get_vice_repo": "VicePreferenceRepository",
    "get_summary_repo": "DailySummaryRepository",
    "get_embedding_repo": "EmbeddingRepository",
    "get_registration_repo": "RegistrationRepository",
}
app = FastAPI()


@app.exception_handler(NightshiftError)
async def told(_request: Request, error: NightshiftError) -> JSONResponse:
    return JSONResponse(error.problem(), error.status)


@app.post("/users/{telegram_id}")
async def join(telegram_id: int, users: Users, talks: Talks) -> UUID:
    """A user with a first conversation, together."""
    user = await users.create(Profile(telegram_id=telegram_id))
    await talks.create(user.id, "telegram" if telegram_id > 0 else "")
    return user.id


@app.get("/users/{user_id}")
async def score(user_id: UUID, users: Users) -> float:
    return float((await users.get(user_id)).relationship_score)


@app.post("/too-late")
async def too_late(session: Session) -> str:
    """A transaction that fails only when it is to be kept."""
    await session.rows(b"create table first (id int primary key)")
    await session.rows(b"create table second (id int references first deferrable initially deferred)")
    await session.rows(b"insert into second values (1)")
    return "done"


@app.get("/same")
async def same(session: Session, users: Users, talks: Talks) -> bool:
    return users.session is talks.session is session


@pytest.fixture
async def client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    app.state.database = db
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as made:
        yield made


async def test_ac_t7_1_an_endpoint_gets_the_users(client: httpx.AsyncClient) -> None:
    """AC-T7.1."""
    user = (await client.post("/users/7")).json()
    answer = await client.get(f"/users/{user}")
    assert (answer.status_code, answer.json()) == (200, 50.0)


async def test_ac_t7_2_an_endpoint_gets_the_conversations(client: httpx.AsyncClient, db: Database) -> None:
    """AC-T7.2."""
    user = UUID((await client.post("/users/7")).json())
    assert len(await ConversationRepository(db).get_recent(user)) == 1


@pytest.mark.parametrize(("dependency", "repository"), sorted(REPOSITORIES.items()))
async def test_ac_t7_3_every_repository_has_its_dependency(conn: Connection, dependency: str, repository: str) -> None:
    """AC-T7.3."""
    session = Transaction(conn)
    made = await getattr(depends, dependency)(session)
    assert (type(made).__name__, made.session) == (repository, session)


def test_ac_t7_3_and_there_is_no_other() -> None:
    """AC-T7.3."""
    assert {name for name, _ in inspect.getmembers(depends) if name.endswith("_repo")} == REPOSITORIES.keys()


async def test_ac_t7_4_all_of_a_request_share_its_transaction(client: httpx.AsyncClient) -> None:
    """AC-T7.4."""
    assert (await client.get("/same")).json() is True


async def test_ac_t7_4_an_error_takes_the_whole_request_back(client: httpx.AsyncClient, db: Database) -> None:
    """AC-T7.4."""
    answer = await client.post("/users/-7")
    assert (answer.status_code, answer.json()["constraint"]) == (422, "conversations_platform_check")
    assert await UserRepository(db).get_by_telegram_id(-7) is None
    assert (await client.get(f"/users/{UUID(int=1)}")).status_code == 404


async def test_ac_t7_4_nobody_is_told_of_what_could_not_be_kept(client: httpx.AsyncClient, db: Database) -> None:
    """AC-T7.4: the transaction ends before the answer goes out."""
    assert (await client.post("/too-late")).status_code == 500
    assert await db.row(b"select to_regclass('second') as made") == {"made": None}
