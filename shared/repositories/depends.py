"""The repositories for FastAPI's `Depends`: all of one request share one transaction. No function imports this.

An application says once where its database is: `app.state.database = Database.for_service(url)`. Then
`async def read(users: Annotated[UserRepository, Depends(get_user_repo)])`.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from shared.db import Database, Transaction
from shared.repositories.conversations import ConversationRepository
from shared.repositories.embeddings import EmbeddingRepository
from shared.repositories.metrics import MetricsRepository
from shared.repositories.registrations import RegistrationRepository
from shared.repositories.score_history import ScoreHistoryRepository
from shared.repositories.summaries import DailySummaryRepository
from shared.repositories.users import UserRepository
from shared.repositories.vices import VicePreferenceRepository
from shared.transactions import transaction


async def get_database(request: Request) -> Database:
    """The application's own; replace it in `dependency_overrides` where it is kept elsewhere."""
    database: Database = request.app.state.database
    return database


async def get_session(database: Annotated[Database, Depends(get_database)]) -> AsyncIterator[Transaction]:
    """The request's transaction. It begins with the first repository and ends before the answer is sent.

    An error in the request takes all of it back. One that lost a race is not run again: its caller may.
    """
    async with transaction(database) as session:
        yield session


# By default FastAPI ends what has yielded after the answer is on its way: too late to say that a commit failed.
Session = Annotated[Transaction, Depends(get_session, scope="function")]


async def get_user_repo(session: Session) -> UserRepository:
    return UserRepository(session)


async def get_metrics_repo(session: Session) -> MetricsRepository:
    return MetricsRepository(session)


async def get_conversation_repo(session: Session) -> ConversationRepository:
    return ConversationRepository(session)


async def get_score_history_repo(session: Session) -> ScoreHistoryRepository:
    return ScoreHistoryRepository(session)


async def get_vice_repo(session: Session) -> VicePreferenceRepository:
    return VicePreferenceRepository(session)


async def get_summary_repo(session: Session) -> DailySummaryRepository:
    return DailySummaryRepository(session)


async def get_embedding_repo(session: Session) -> EmbeddingRepository:
    return EmbeddingRepository(session)


async def get_registration_repo(session: Session) -> RegistrationRepository:
    return RegistrationRepository(session)
